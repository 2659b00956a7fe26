/// Raw memory: loads and stores, the region. Knows no heap; uses nothing else of the project.
package io.javalloc.memory;
