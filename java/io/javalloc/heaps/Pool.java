package io.javalloc.heaps;

import io.javalloc.BlockVisitor;
import io.javalloc.Heap;
import io.javalloc.HeapArguments;
import io.javalloc.HeapCorruption;
import io.javalloc.HeapOption;
import io.javalloc.HeapProvider;
import io.javalloc.memory.Memory;
import io.javalloc.memory.Region;
import java.util.BitSet;
import java.util.List;

/// Blocks of one size: the `PoolAllocator` of the Vais module `std/allocator`. `io.javalloc.std`
/// has the table of names.
///
/// ```
///  base                                     frontier              limit
///  ├────────┬────────┬──────┬────────┬──────┼─ ─ ─ ─ ┼ ─ ─ ─ ┼─ ─ ─ ┤
///  │ in use │ link ▒▒▒▒▒▒▒▒▒│ in use │link ▒│  never used            │
///  ├────────┴─│──────┴──────┴────────┴──▲───┼─ ─ ─ ─ ┼ ─ ─ ─ ┼─ ─ ─ ┤
///  │◄ block ►│└─────────────────────────┘
/// ```
///
/// The document promises allocation and freeing in a step; 0 when the pool is full; a list of free
/// blocks through their first word, for which a block has 8 bytes at least; [#freeBlocks] and
/// [#allocatedBlocks]; no fragmentation; [#drop], which gives the buffer back.
///
/// To a C program this is a `malloc` that serves no more than one block's size, nor any alignment
/// that the size does not have by itself: blocks of 192 bytes are aligned to 64. It is for the
/// small sizes of a composition, as in `segregated`.
///
/// Different from the document, on purpose:
/// - Blocks are rounded up to 16 bytes, so that each is aligned as C wants it.
/// - A double free, and a pointer that is no block, are refused; the document puts anything into
///   its list. For that the link is mixed with the block's own address, and cleared when the block
///   is handed out; a block that looks free is searched for in the list before it is said to be.
/// - Blocks come into the list when they are freed, and not before: memory that was never used is
///   never touched.
public final class Pool implements Heap {

    private static final HeapOption BLOCK =
            new HeapOption(
                    "block", "BYTES", "bytes of each block, 8 at least, in steps of 16; else 256");

    private static final HeapOption COUNT =
            new HeapOption("count", "NUMBER", "how many blocks; all that fit without it");

    private static final long DEFAULT_BLOCK = 256;

    /// Makes [Pool] heaps. Options `block`, the bytes of each, and `count`, how many.
    public static final class Provider implements HeapProvider {

        @Override
        public String name() {
            return "pool";
        }

        @Override
        public String summary() {
            return "Blocks of one size, each a step away; larger ones it does not have";
        }

        @Override
        public Heap create(HeapArguments arguments) {
            long block = arguments.bytes(BLOCK.name(), DEFAULT_BLOCK);
            return new Pool(arguments.region(), block, arguments.number(COUNT.name(), ALL));
        }

        @Override
        public List<HeapOption> options() {
            return List.of(BLOCK, COUNT);
        }

        @Override
        public String document() {
            return "Vais std/allocator, PoolAllocator";
        }

        @Override
        public String checks() {
            return "double free, pointers that are not a block, writes to free blocks";
        }
    }

    /// What is in a free block.
    private static final class Link {

        /// Offset of the next free block's address, 0 for none, mixed with the block's own.
        static final long NEXT = 0;

        /// Whether so many bytes have room for a link.
        static boolean fitsInto(long bytes) {
            return bytes >= NEXT + Long.BYTES;
        }

        static long next(long block) {
            return Memory.getLong(block + NEXT) ^ mask(block);
        }

        static void setNext(long block, long next) {
            Memory.putLong(block + NEXT, next ^ mask(block));
        }

        static void clear(long block) {
            Memory.putLong(block + NEXT, 0);
        }

        /// Odd, so that a word of zeros is no link.
        private static long mask(long block) {
            return block * 0x9e37_79b9_7f4a_7c15L | 1;
        }
    }

    /// As many blocks as fit.
    private static final long ALL = Long.MAX_VALUE;

    private static final long MAX_BLOCK = 1L << 46;
    private static final long MAX_COUNT = Integer.MAX_VALUE;

    private final Buffer buffer;
    private final long block;
    private long base;
    private long limit;

    /// From here on no block was ever handed out.
    private long frontier;

    /// The first free block, 0 for none.
    private long free;

    /// How many blocks are in the list.
    private long listed;

    /// @param block the bytes of each
    /// @param count how many, [#ALL] for all that fit
    /// @throws IllegalArgumentException if the region has no room for them
    Pool(Region region, long block, long count) {
        this(Buffer.of(region, Long.MAX_VALUE), rounded(block), count);
    }

    private Pool(Buffer buffer, long block, long count) {
        this.buffer = buffer;
        this.block = block;
        base = Region.roundUp(buffer.base(), Long.lowestOneBit(block));
        long fits = Math.min(MAX_COUNT, Math.max(0, buffer.limit() - base) / block);
        long blocks = count == ALL ? Math.max(1, fits) : count;
        if (blocks < 1 || blocks > fits) {
            throw new IllegalArgumentException(
                    "pool has room for "
                            + fits
                            + " blocks of "
                            + block
                            + " bytes, and cannot have "
                            + blocks);
        }
        limit = base + blocks * block;
        frontier = base;
    }

    /// Makes one with a buffer of its own.
    ///
    /// @param parent    where the buffer comes from, and where [#drop] returns it to
    /// @param blockSize bytes of each block, 8 at least; rounded up to 16
    /// @param numBlocks how many
    /// @throws IllegalArgumentException if there can be no such pool
    /// @throws IllegalStateException    if the parent has no memory for the buffer
    public static Pool create(Heap parent, long blockSize, long numBlocks) {
        long block = rounded(blockSize);
        if (numBlocks < 1 || numBlocks > Math.min(MAX_COUNT, Long.MAX_VALUE / 2 / block)) {
            throw new IllegalArgumentException(
                    "there is no pool of " + numBlocks + " blocks of " + block + " bytes");
        }
        long bytes = numBlocks * block;
        return new Pool(Buffer.from(parent, bytes, Long.lowestOneBit(block)), block, numBlocks);
    }

    private static long rounded(long block) {
        if (!Link.fitsInto(block) || block > MAX_BLOCK) {
            throw new IllegalArgumentException(
                    "pool needs blocks of 8 bytes at least, which its list takes, and of "
                            + MAX_BLOCK
                            + " at most, not of "
                            + block);
        }
        return Region.roundUp(block, MIN_ALIGNMENT);
    }

    /// Allocates a block of the pool.
    ///
    /// @return its address, or 0 if the pool is full
    public long allocate() {
        long address = free;
        if (address != 0) {
            free = next(address);
            listed--;
            Link.clear(address);
            return address;
        }
        if (frontier == limit || !buffer.use(frontier + block)) {
            return 0;
        }
        frontier += block;
        return frontier - block;
    }

    @Override
    public long allocate(long size, long alignment) {
        return size <= block && alignment <= Long.lowestOneBit(block) ? allocate() : 0;
    }

    @Override
    public long allocateZeroed(long size, long alignment) {
        return buffer.allocateZeroed(this, size, alignment);
    }

    @Override
    public void free(long address) {
        requireLive(address);
        Link.setNext(address, free);
        free = address;
        listed++;
    }

    @Override
    public long usableSize(long address) {
        requireLive(address);
        return block;
    }

    /// A block stays where it is, and gets no larger.
    @Override
    public long reallocate(long address, long size) {
        requireLive(address);
        return size <= block ? address : 0;
    }

    /// How many blocks can still be had.
    public long freeBlocks() {
        return (limit - frontier) / block + listed;
    }

    /// How many blocks are in use.
    public long allocatedBlocks() {
        return (frontier - base) / block - listed;
    }

    /// Ends the pool and all its blocks. A buffer of its own goes back to where it came from.
    public void drop() {
        base = 0;
        limit = 0;
        frontier = 0;
        free = 0;
        listed = 0;
        buffer.drop();
    }

    private void requireLive(long address) {
        if (!isBlock(address)) {
            throw new HeapCorruption("No block of this pool starts here", address);
        }
        if (looksFree(address) && isListed(address)) {
            throw new HeapCorruption("This block has already been freed", address);
        }
    }

    /// Whether a block that was handed out once starts at the address.
    private boolean isBlock(long address) {
        return address >= base && address < frontier && (address - base) % block == 0;
    }

    private boolean looksFree(long address) {
        long next = Link.next(address);
        return next == 0 || isBlock(next);
    }

    private boolean isListed(long address) {
        long entry = free;
        for (long left = listed; left > 1 && entry != 0 && entry != address; left--) {
            entry = next(entry);
        }
        return entry == address;
    }

    /// The block behind a free one in the list, 0 for none.
    ///
    /// @throws HeapCorruption if there is no link: somebody has written to the free block
    private long next(long entry) {
        if (!looksFree(entry)) {
            throw new HeapCorruption("A block was written to after it was freed", entry);
        }
        return Link.next(entry);
    }

    @Override
    public void verify() {
        BitSet isFree = freeBlocksByNumber();
        if (isFree.cardinality() != listed) {
            throw new HeapCorruption(
                    "The list has " + isFree.cardinality() + " blocks instead of " + listed);
        }
    }

    @Override
    public void walk(BlockVisitor visitor) {
        BitSet isFree = freeBlocksByNumber();
        int blocks = (int) ((frontier - base) / block);
        for (int number = isFree.nextClearBit(0); number < blocks; ) {
            visitor.block(base + number * block, block);
            number = isFree.nextClearBit(number + 1);
        }
    }

    private BitSet freeBlocksByNumber() {
        BitSet isFree = new BitSet();
        for (long entry = free; entry != 0; entry = next(entry)) {
            int number = (int) ((entry - base) / block);
            if (isFree.get(number)) {
                throw new HeapCorruption("The list leads to a block twice", entry);
            }
            isFree.set(number);
        }
        return isFree;
    }
}
