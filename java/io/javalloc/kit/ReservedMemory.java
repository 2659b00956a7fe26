package io.javalloc.kit;

import io.javalloc.memory.Region;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/// A region as programs have it: reserved from the system, inaccessible, and made usable bit by
/// bit. Who touches what is not committed ends the process, as it would end a program. Its base is
/// a multiple of [Region#PAGE] and of nothing more.
public final class ReservedMemory implements TrialMemory, AutoCloseable {

    private static final ValueLayout.OfLong WORD = ValueLayout.JAVA_LONG;
    private static final ValueLayout.OfInt FLAGS = ValueLayout.JAVA_INT;
    private static final int PROT_NONE = 0;
    private static final int PROT_READ_WRITE = 3;
    private static final int MAP_PRIVATE_ANONYMOUS_NORESERVE = 0x4022;
    private static final int MADV_DONTNEED = 4;
    private static final long MAP_FAILED = -1;
    private static final long ALIGNMENT = 1 << 21;

    private static final MethodHandle MMAP =
            function("mmap", WORD, WORD, WORD, FLAGS, FLAGS, FLAGS, WORD);
    private static final MethodHandle MUNMAP = function("munmap", FLAGS, WORD, WORD);
    private static final MethodHandle MPROTECT = function("mprotect", FLAGS, WORD, WORD, FLAGS);
    private static final MethodHandle MADVISE = function("madvise", FLAGS, WORD, WORD, FLAGS);

    /// The system's calls. They answer false where the system refuses.
    private static final class SystemCalls implements Region.Pages {

        @Override
        public boolean commit(long address, long bytes) {
            return protect(address, bytes, true);
        }

        @Override
        public boolean protect(long address, long bytes, boolean accessible) {
            try {
                int access = accessible ? PROT_READ_WRITE : PROT_NONE;
                return (int) MPROTECT.invokeExact(address, bytes, access) == 0;
            } catch (Throwable e) {
                throw new AssertionError(e);
            }
        }

        @Override
        public boolean discard(long address, long bytes) {
            try {
                return (int) MADVISE.invokeExact(address, bytes, MADV_DONTNEED) == 0;
            } catch (Throwable e) {
                throw new AssertionError(e);
            }
        }
    }

    private final long start;
    private final long reserved;
    private final FrugalPages pages;
    private final Region region;

    /// Reserves.
    ///
    /// @param bytes the length; a multiple of the page
    /// @throws IllegalStateException if the system has no such range
    public ReservedMemory(long bytes) {
        reserved = bytes + 2 * ALIGNMENT;
        start = reserve(reserved);
        long base = Region.roundUp(start, ALIGNMENT) + Region.PAGE;
        pages = new FrugalPages(base, new SystemCalls());
        region = new Region(base, bytes, pages);
    }

    private static long reserve(long bytes) {
        long address;
        try {
            address =
                    (long)
                            MMAP.invokeExact(
                                    0L, bytes, PROT_NONE, MAP_PRIVATE_ANONYMOUS_NORESERVE, -1, 0L);
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
        if (address == MAP_FAILED) {
            throw new IllegalStateException("the system has no " + bytes + " bytes of addresses");
        }
        return address;
    }

    private static MethodHandle function(
            String name, MemoryLayout answer, MemoryLayout... arguments) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(
                linker.defaultLookup().findOrThrow(name), FunctionDescriptor.of(answer, arguments));
    }

    /// What has been committed, range by range.
    public FrugalPages pages() {
        return pages;
    }

    @Override
    public Region region() {
        return region;
    }

    @Override
    public boolean isUsable(long address, long bytes) {
        return address + bytes <= region.limit() && pages.isUsable(address, bytes);
    }

    @Override
    public long committedBytes() {
        return pages.committedBytes();
    }

    @Override
    public ReservedMemory refuseBeyond(long bytes) {
        pages.refuseBeyond(bytes);
        return this;
    }

    @Override
    public ReservedMemory refuseNothing() {
        return refuseBeyond(Long.MAX_VALUE);
    }

    @Override
    public void close() {
        try {
            int ignored = (int) MUNMAP.invokeExact(start, reserved);
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }
}
