import io.javalloc.BlockVisitor;
import io.javalloc.Heap;
import io.javalloc.HeapArguments;
import io.javalloc.HeapCorruption;
import io.javalloc.HeapProvider;
import io.javalloc.memory.Memory;
import io.javalloc.memory.Region;

/// First fit: chunks lie one behind the other, from the region's base to the top. Each begins with
/// its length and a word that is its own address while it is in use, 0 while it is free.
public final class FirstFit implements Heap {

    /// What `--heap first-fit` finds, because META-INF/services names it.
    public static final class Provider implements HeapProvider {
        public String name() { return "first-fit"; }
        public String summary() { return "The first free chunk that is long enough; free ones join on the way"; }
        public Heap create(HeapArguments arguments) { return new FirstFit(arguments.region()); }
    }

    private static final long OWNER = 8, HEADER = 16;
    private final Region region;
    private long top;

    FirstFit(Region region) { this.region = region; top = region.base(); }

    @Override
    public long allocate(long size, long alignment) {
        if (size > region.limit() - region.base()) return 0;
        long length = Region.roundUp(size, MIN_ALIGNMENT) + HEADER;
        for (long chunk = region.base(); chunk < top; chunk = end(chunk)) {
            if (!isFree(chunk)) continue;
            while (end(chunk) < top && isFree(end(chunk))) write(chunk, end(end(chunk)) - chunk, 0);
            long rest = end(chunk) - chunk - length;
            if (rest < 0 || (chunk + HEADER) % alignment != 0) continue;
            if (rest > 0) write(chunk + length, rest, 0);
            return write(chunk, length, chunk);
        }
        long chunk = Region.roundUp(top + HEADER, alignment) - HEADER;
        if (!region.commit(chunk + length)) return 0;
        if (chunk > top) write(top, chunk - top, 0);
        top = chunk + length;
        return write(chunk, length, chunk);
    }

    @Override
    public void free(long address) {
        long chunk = used(address);
        write(chunk, end(chunk) - chunk, 0);
    }

    @Override
    public long usableSize(long address) { return end(used(address)) - address; }

    @Override
    public void verify() { walk((address, usable) -> used(address)); }

    @Override
    public void walk(BlockVisitor visitor) {
        for (long chunk = region.base(); chunk < top; chunk = end(chunk))
            if (!isFree(chunk)) visitor.block(chunk + HEADER, end(chunk) - chunk - HEADER);
    }

    private static long write(long chunk, long length, long owner) {
        Memory.putLong(chunk, length);
        Memory.putLong(chunk + OWNER, owner);
        return chunk + HEADER;
    }

    private static boolean isFree(long chunk) { return Memory.getLong(chunk + OWNER) == 0; }

    /// Programs overwrite what lies before and behind their blocks: no length is followed blindly.
    private long end(long chunk) {
        long length = Memory.getLong(chunk);
        if (length >= HEADER && length <= top - chunk && length % MIN_ALIGNMENT == 0) return chunk + length;
        throw new HeapCorruption("The length of a chunk has been overwritten", chunk);
    }

    private long used(long address) {
        long chunk = address - HEADER;
        boolean isInside = chunk >= region.base() && chunk < top && chunk % MIN_ALIGNMENT == 0;
        if (isInside && Memory.getLong(chunk + OWNER) == chunk) return chunk;
        throw new HeapCorruption("This is not a block in use", address);
    }
}
