package io.javalloc.kit.check;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What HotSpot writes when it crashes, as far as a heap's author wants to know it: the signal, the
/// address, and the method.
final class CrashLog {

    private static final Pattern SIGNAL =
            Pattern.compile("^siginfo: .*\\((SIG\\w+)\\)", Pattern.MULTILINE);
    private static final Pattern ADDRESS =
            Pattern.compile("^siginfo: .*si_addr: 0x([0-9a-f]+)", Pattern.MULTILINE);

    /// A line of the Java stack: compiled or interpreted, the method, its descriptor.
    private static final Pattern FRAME =
            Pattern.compile(
                    "^[Jj] +(?:\\d+ )?(?:% )?(?:c[12] )?([\\w.$/]+)\\.([\\w$<>]+)\\(",
                    Pattern.MULTILINE);

    private CrashLog() {}

    /// The crash in a line; the slot knows what was being done.
    ///
    /// @param file what HotSpot wrote; it need not be there
    static String describe(Path file, Slot slot) throws IOException {
        String log = Files.exists(file) ? Files.readString(file, StandardCharsets.ISO_8859_1) : "";
        StringBuilder text = new StringBuilder(slot.lastCall()).append(" crashes Java");
        Matcher signal = SIGNAL.matcher(log);
        if (signal.find()) {
            text.append(": ").append(signal.group(1));
        }
        Matcher address = ADDRESS.matcher(log);
        if (address.find()) {
            text.append(" at ").append(place(Long.parseUnsignedLong(address.group(1), 16), slot));
        }
        Matcher frame = FRAME.matcher(log);
        while (frame.find()) {
            if (!Thrown.isOfTheHouse(frame.group(1))) {
                String name = frame.group(1).substring(frame.group(1).lastIndexOf('.') + 1);
                text.append(", in ").append(name).append('.').append(frame.group(2));
                break;
            }
        }
        return text.append("; call ").append(slot.calls()).append(" of this rule").toString();
    }

    private static String place(long address, Slot slot) {
        return slot.isInRegion(address)
                ? slot.place(address) + ", where the region is not committed"
                : slot.place(address) + ", outside of the region";
    }
}
