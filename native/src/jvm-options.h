/*
 * jvm-options.h: the options of the embedded JVM, one JVM_OPTION each, with its reason. The training of the AOT cache
 * (CMakeLists.txt) reads the same lines, because a cache serves only a JVM that was started alike.
 */
JVM_OPTION("-XX:+UnlockExperimentalVMOptions")
JVM_OPTION("-XX:+UnlockDiagnosticVMOptions")
/* A small heap and the collector with the least of its own: the heap manager makes no garbage. */
JVM_OPTION("-XX:+UseSerialGC")
JVM_OPTION("-Xms16m")
JVM_OPTION("-Xmx64m")
/* Room for new objects stays resident once it was used: as much as the JVM's start and the making of the stubs take, so
 * that a program whose heap does not grow sees no collection. */
JVM_OPTION("-Xmn4m")
/* What is larger lasts: the rows of spans, tables. Among new objects it would fill their room, and be copied out of it:
 * 2 MB that stay resident once there was a gigabyte of small blocks. */
JVM_OPTION("-XX:PretenureSizeThreshold=128")
/* Each thread that attaches makes some objects, and takes as much of Java's heap as this to make them in: with more the
 * room is full after a few hundred threads. */
JVM_OPTION("-XX:MinTLABSize=1k")
JVM_OPTION("-XX:TLABSize=1k")
JVM_OPTION("-XX:-ResizeTLAB")
/* ... of which the JVM would keep 576 bytes free at the end, for prefetching beyond what is allocated. */
JVM_OPTION("-XX:AllocatePrefetchDistance=0")
JVM_OPTION("-XX:AllocatePrefetchStepSize=1")
/* Address space that would only be reserved: it counts under RLIMIT_AS. */
JVM_OPTION("-XX:ReservedCodeCacheSize=32m")
JVM_OPTION("-XX:CompressedClassSpaceSize=32m")
/* The program's signals, exit and terminal stay its own. */
JVM_OPTION("-Xrs")
/* No socket, no attach thread, no file in /tmp. */
JVM_OPTION("-XX:+DisableAttachMechanism")
JVM_OPTION("-XX:-UsePerfData")
/* main's stack belongs to the program: no guard pages in its midst. */
JVM_OPTION("-XX:+DisablePrimordialThreadGuardPages")
/* The JVM uses main's stack so far down and no further, whatever its real size: stack.c, JVM_STACK. */
JVM_OPTION("-Xss8m")
/* No file in the working directory if the JVM itself crashes. */
JVM_OPTION("-XX:ErrorFile=/tmp/javalloc-hs_err-%p.log")
/* The fence of each thread-state change goes to the rare side: an upcall costs 15 ns instead of 20. */
JVM_OPTION("-XX:+UseSystemMemoryBarrier")
/* The AOT cache is mapped where it was made for, if that is free, instead of being relocated: 5 ms and 3 MB. */
JVM_OPTION("-XX:ArchiveRelocationMode=0")
/* A heap's final fields are constants to the compiler, as records' are: 3 ns of a malloc and free that come to Java. */
JVM_OPTION("-XX:+TrustFinalNonStaticFields")
/* What is hot in this program is compiled, and not what was hot in the training: 10 ms of the compilers' time. */
JVM_OPTION("-XX:-AOTReplayTraining")
/* The heap's few methods are called by the million; what is called some hundred times while the JVM starts is not worth
 * the compilers' time, which on two processors is the program's: 10 ms of a start, and nothing lost in a busy program.
 */
JVM_OPTION("-XX:CompileThresholdScaling=5")
/* What works on runs of pages is large, and would be compiled into each of its callers: 6 MB of the compilers' memory
 * in a program that reallocates much. A call more is nothing beside a run. */
JVM_OPTION("-XX:CompileCommand=quiet")
JVM_OPTION("-XX:CompileCommand=dontinline,io.javalloc.slab.FreePages::*")
/* What a core dump has in it stays as the program, or who started it, wants it: the JVM would add all files that are
 * mapped, 140 MB of the JDK's classes twice, also to those of what the program executes. */
JVM_OPTION("-XX:-DumpPrivateMappingsInCore")
JVM_OPTION("-XX:-DumpSharedMappingsInCore")
/* RLIMIT_NOFILE stays as the program found it. */
JVM_OPTION("-XX:-MaxFDLimit")
/* Compiler threads are made at the start or never. */
JVM_OPTION("-XX:-UseDynamicNumberOfCompilerThreads")
/* Warnings go to standard output by default: it is the program's. */
JVM_OPTION("-Xlog:disable")
JVM_OPTION("-XX:-PrintWarnings")
JVM_OPTION("--enable-native-access=ALL-UNNAMED")
