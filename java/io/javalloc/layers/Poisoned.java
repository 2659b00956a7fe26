package io.javalloc.layers;

import io.javalloc.Heap;
import io.javalloc.HeapArguments;
import io.javalloc.HeapOption;
import io.javalloc.HeapProvider;
import io.javalloc.memory.Memory;
import java.util.List;

/// Fills blocks with one byte when they come and when they go, so that a program which uses what it
/// has not written, or what it has freed, goes wrong at once and each time, and not only now and
/// then.
///
/// Filled are: all usable bytes of a new block, or those behind the zeros that were asked for; all
/// bytes of a block that is freed or that moves away; what a block has more than before when it has
/// grown, or still has behind its new end when it has become smaller. The heap inside may write
/// into a block once it is free. What is filled is in memory, so a program that asks for much and
/// uses little of it needs much here. As thread-safe as the heap inside.
///
/// @param heap  the heap inside
/// @param value the byte to fill with
public record Poisoned(Heap heap, byte value) implements Moving {

    /// Makes `poisoned(heap, byte=NUMBER)`.
    public static final class Provider implements HeapProvider {

        private static final long USUAL = 0xa5;

        private static final HeapOption BYTE =
                new HeapOption("byte", "NUMBER", "what to fill with, 0 to 255; 0xa5 without it");

        @Override
        public String name() {
            return "poisoned";
        }

        @Override
        public String summary() {
            return "Fills fresh and freed blocks with a byte, so that their use shows";
        }

        @Override
        public List<HeapOption> options() {
            return List.of(BYTE);
        }

        @Override
        public String inner() {
            return "HEAP";
        }

        @Override
        public Heap create(HeapArguments arguments) {
            long value = arguments.number(BYTE.name(), USUAL);
            if (value > 0xff) {
                throw new IllegalArgumentException("byte=" + value + " is not a byte: 0 to 255");
            }
            return new Poisoned(arguments.inner(), (byte) value);
        }
    }

    @Override
    public long allocate(long size, long alignment) {
        return poisonedFrom(0, heap.allocate(size, alignment));
    }

    @Override
    public long allocateZeroed(long size, long alignment) {
        return poisonedFrom(size, heap.allocateZeroed(size, alignment));
    }

    @Override
    public void free(long address) {
        poisonedFrom(0, address);
        heap.free(address);
    }

    @Override
    public long reallocate(long address, long size) {
        long moved = Moving.super.reallocate(address, size);
        return moved == address ? poisonedFrom(size, address) : moved;
    }

    /// Fills what lies behind the first bytes of a block.
    private long poisonedFrom(long kept, long address) {
        if (address != 0) {
            Memory.fill(address + kept, heap.usableSize(address) - kept, value);
        }
        return address;
    }
}
