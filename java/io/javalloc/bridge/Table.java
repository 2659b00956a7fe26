package io.javalloc.bridge;

/// Where the fields of `struct javalloc_bridge` lie (bridge.h), in bytes from its start, and what
/// else of that header the start of a program needs.
///
/// The same facts are in [io.javalloc.bridge.abi], which is made from the header; but its classes
/// compute layouts and handles when they are loaded, which takes longer than all the rest of the
/// start. These are constants for the compiler, and `BridgeLayoutTest` holds them, jextract's
/// output and the shim's own `offsetof` together.
final class Table {

    static final int ABI_VERSION_EXPECTED = 4;
    static final int BYTES_EXPECTED = 1840;

    static final long ABI_VERSION = 0;
    static final long BYTES = 4;
    static final long REGION_BASE = 8;
    static final long REGION_BYTES = 16;
    static final long PAGE_CLASSES = 24;
    static final long HEAP = 32;
    static final long TRACED = 544;
    static final long OUTSIDE = 548;
    static final long MULTI_THREADED = 552;
    static final long STUBS_READY = 556;
    static final long CLASS_BYTES = 560;
    static final long MESSAGE = 752;
    static final long ALLOCATE = 1776;
    static final long RELEASE = 1784;
    static final long RESIZE = 1792;
    static final long USABLE_SIZE = 1800;
    static final long INSPECT = 1808;
    static final long FILL = 1816;
    static final long FLUSH = 1824;
    static final long NOTHING = 1832;

    static final int HEAP_MAX = 512;
    static final int MESSAGE_MAX = 1024;
    static final int CLASSES = 48;

    static final long CORRUPT = -1;
    static final long NOT_MINE = -2;
    static final long UNSEEN = -3;

    static final int LIVE_BLOCKS = 0;
    static final int LIVE_BYTES = 1;
    static final int PEAK_BYTES = 2;
    static final int TRIM = 3;
    static final int VERIFY = 4;
    static final int AT_EXIT = 5;
    static final int EXPLAIN = 6;
    static final int LEAKS = 7;
    static final int PURGE = 8;

    static final long SITE_BLOCKS = 0;
    static final long SITE_BYTES = 8;
    static final long SITE_SIZE = 16;

    static final int STARTED = 0;
    static final int BAD_HEAP = 1;
    static final int HEAP_FAILED = 2;
    static final int BAD_ABI = 3;

    private Table() {}
}
