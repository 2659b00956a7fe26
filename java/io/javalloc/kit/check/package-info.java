/// The conformance kit: what must hold of every heap, rule by rule, tried in a process of its own
/// that a broken heap may crash. May use the kit's model and memory, and the catalog.
package io.javalloc.kit.check;
