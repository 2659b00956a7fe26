/// Where blocks lie: plays one stream of operations, the same for every heap, and draws what is
/// then live.
package io.javalloc.kit.map;
