/// JMH's measurements of the Java side alone: heaps as compiled code, without the bridge, the shim
/// and a C program around them (those are measured by `javalloc bench`). `docs/bench/README.md`
/// says how they are run.
package io.javalloc.jmh;
