package io.javalloc.kit.check;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/// A file of slots, one for each rule, that two processes map.
final class Slots {

    private final MemorySegment memory;

    /// Maps the file, which is made if it is not there.
    ///
    /// @param count how many slots it has
    Slots(Path file, int count) throws IOException {
        try (FileChannel channel =
                FileChannel.open(
                        file,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.READ,
                        StandardOpenOption.WRITE)) {
            memory =
                    channel.map(
                            FileChannel.MapMode.READ_WRITE,
                            0,
                            (long) count * Slot.BYTES,
                            Arena.ofAuto());
        }
    }

    Slot slot(int index) {
        return new Slot(memory.asSlice((long) index * Slot.BYTES, Slot.BYTES));
    }
}
