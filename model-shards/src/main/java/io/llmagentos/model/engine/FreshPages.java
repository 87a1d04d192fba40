package io.llmagentos.model.engine;

import java.lang.foreign.AddressLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * Zeros from the C library's {@code calloc}. Memory that is large comes as pages that the system hands out at the first touch: a cache costs what has been used of
 * it, where {@link Arena#allocate(long, long)} writes every byte of it first.
 */
final class FreshPages {
  private static final AddressLayout POINTER = ValueLayout.ADDRESS;
  private static final MethodHandle CALLOC =
      find("calloc", FunctionDescriptor.of(POINTER, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG));
  private static final MethodHandle FREE = find("free", FunctionDescriptor.ofVoid(POINTER));

  private FreshPages() {}

  /**
   * A segment of zeros that is freed when the arena closes. Not counted by {@code -XX:MaxDirectMemorySize}.
   *
   * @param alignment a power of two, in bytes
   * @throws OutOfMemoryError if the system refuses that much
   */
  @SuppressWarnings("restricted")
  static MemorySegment allocate(Arena arena, long bytes, long alignment) {
    MemorySegment memory = calloc(Math.addExact(bytes, alignment));
    if (memory.address() == 0) {
      throw new OutOfMemoryError("no room for " + bytes + " bytes of native memory");
    }
    MemorySegment all =
        memory.reinterpret(Math.addExact(bytes, alignment), arena, FreshPages::free);
    return all.asSlice(-memory.address() & (alignment - 1), bytes);
  }

  private static MemorySegment calloc(long bytes) {
    try {
      return (MemorySegment) CALLOC.invokeExact(bytes, 1L);
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  private static void free(MemorySegment memory) {
    try {
      FREE.invokeExact(memory);
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  @SuppressWarnings("restricted")
  private static MethodHandle find(String function, FunctionDescriptor descriptor) {
    Linker linker = Linker.nativeLinker();
    return linker.downcallHandle(linker.defaultLookup().findOrThrow(function), descriptor);
  }
}
