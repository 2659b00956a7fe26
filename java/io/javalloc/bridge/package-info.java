/// The Java side of the bridge to C: how the virtual machine is entered, and the operations that
/// the shim calls. Nothing else of the project knows that C exists. The package `abi` below is
/// jextract's output for `native/include/javalloc/bridge.h`, untouched.
package io.javalloc.bridge;
