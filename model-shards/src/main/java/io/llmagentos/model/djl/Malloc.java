package io.llmagentos.model.djl;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/**
 * What the C library does with memory that libtorch has freed. glibc gives it back to the system at each step of a training and asks for it again at the
 * next, page by page: on a virtual machine that took most of the time.
 */
final class Malloc {
  private static final int TRIM_THRESHOLD = -1;
  private static final int TOP_PAD = -2;
  private static final int MMAP_MAX = -4;

  private Malloc() {}

  /** Keeps freed memory in this process from now on. Does nothing where the C library is not glibc. */
  @SuppressWarnings("restricted")
  static void keep() {
    Linker linker = Linker.nativeLinker();
    Optional<MemorySegment> function = linker.defaultLookup().find("mallopt");
    if (function.isPresent()) {
      MethodHandle mallopt = linker.downcallHandle(
          function.get(),
          FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
      // More than an arena of a thread can hold, so that none is trimmed; no mappings of their own.
      set(mallopt, TRIM_THRESHOLD, Integer.MAX_VALUE);
      set(mallopt, TOP_PAD, 1 << 28);
      set(mallopt, MMAP_MAX, 0);
    }
  }

  private static void set(MethodHandle mallopt, int option, int value) {
    try {
      int unused = (int) mallopt.invokeExact(option, value);
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }
}
