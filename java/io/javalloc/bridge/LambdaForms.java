package io.javalloc.bridge;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.util.function.Consumer;
import java.util.function.LongBinaryOperator;
import java.util.function.LongFunction;
import java.util.function.ToLongFunction;

/// Brings into the AOT cache what the JDK would make anew in each process for `java.lang.foreign`.
///
/// A method handle calls through a *lambda form*, a class that is made when the first method of a
/// signature is looked up, which takes a millisecond. The cache keeps the forms of those that an
/// `invokedynamic` leads to, but not of those that code looks up (JDK 25), as do the initializers
/// of `jdk.internal.foreign`: ten forms, a seventh of a start. So here is a method reference of
/// each signature, which the training comes by.
///
/// `-Djava.lang.invoke.MethodHandle.TRACE_RESOLVE=true` shows which are missing; the test
/// `start-up`, that none is.
final class LambdaForms {

    /// Of an operation.
    interface ThreeLongs {
        long apply(long a, long b, long c);
    }

    /// Of what the linker puts before an operation.
    interface Adapter {
        long apply(Object target, long a, long b, long c);
    }

    /// Of `MethodHandle.invokeBasic` for an operation.
    interface Invocation {
        long apply(Targets handle, long a, long b, long c);
    }

    /// Of `MethodHandle.invokeBasic` for what the linker puts before an operation.
    interface AdapterInvocation {
        long apply(Targets handle, Object target, long a, long b, long c);
    }

    /// Of `SharedUtils`.
    interface Allocation {
        Object apply(SegmentAllocator allocator, MemoryLayout layout);
    }

    /// Of `LayoutPath.addScaledOffset`.
    interface FourLongs {
        long apply(long a, long b, long c, long d);
    }

    /// Of `MemorySegment.asSlice`.
    interface Slice {
        Object apply(MemorySegment segment, long a, long b);
    }

    /// Of a handle's way from one segment to the next.
    interface Step {
        Object apply(Walker walker, long offset, Object layout);
    }

    interface Walker {
        Object walk(long offset, Object layout);
    }

    /// Of `LayoutPath.checkEnclosingLayout`.
    interface Check {
        void apply(Object segment, long offset, Object layout);
    }

    private LambdaForms() {}

    /// Comes by all of them.
    ///
    /// @return how many there are
    static int use() {
        ToLongFunction<Object> toLong = Targets::toLong;
        LongFunction<Object> fromLong = Targets::fromLong;
        LongBinaryOperator ofTwo = Targets::ofTwo;
        FourLongs ofFour = Targets::ofFour;
        Check check = Targets::check;
        Slice slice = MemorySegment::asSlice;
        Step step = Walker::walk;
        Consumer<Object> take = Targets::take;
        Allocation allocation = SegmentAllocator::allocate;
        ThreeLongs operation = Targets::operation;
        Adapter adapter = Targets::adapter;
        Invocation invocation = Targets::invoke;
        AdapterInvocation adapterInvocation = Targets::invokeAdapter;
        Object[] all = {
            toLong,
            fromLong,
            ofTwo,
            ofFour,
            check,
            slice,
            step,
            take,
            allocation,
            operation,
            adapter,
            invocation,
            adapterInvocation
        };
        return all.length;
    }

    /// Never called, and so never initialized: the first call of a method whose class is not has a
    /// form of its own, which is made together with the usual one.
    private static final class Targets {

        static long toLong(Object a) {
            return 0;
        }

        static Object fromLong(long a) {
            return null;
        }

        static long ofTwo(long a, long b) {
            return 0;
        }

        static long ofFour(long a, long b, long c, long d) {
            return 0;
        }

        static void check(Object a, long b, Object c) {}

        static void take(Object a) {}

        static long operation(long a, long b, long c) {
            return 0;
        }

        static long adapter(Object target, long a, long b, long c) {
            return 0;
        }

        private long invoke(long a, long b, long c) {
            return 0;
        }

        private long invokeAdapter(Object target, long a, long b, long c) {
            return 0;
        }
    }
}
