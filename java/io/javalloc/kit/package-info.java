/// What looks at heaps from outside: a model of what must be true of one, memory to try it in, and
/// in the rooms below conformance rules (`check`), timings (`bench`), heap maps (`map`), and the
/// page that compares all heaps (`survey`). May use the catalog and all of the JDK; never enters a
/// program.
package io.javalloc.kit;
