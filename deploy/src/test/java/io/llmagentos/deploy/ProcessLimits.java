package io.llmagentos.deploy;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/** What the system lets another process of this user do: Linux's prlimit. */
final class ProcessLimits {
  /** RLIM_INFINITY. */
  static final long NONE = -1;

  /** RLIMIT_FSIZE. */
  private static final int FILE_SIZE = 1;

  private ProcessLimits() {}

  /** Its writes beyond this offset of any file fail from now on, as on a disk that is full. */
  @SuppressWarnings("restricted")
  static void limitFiles(long pid, long bytes) {
    Linker linker = Linker.nativeLinker();
    MethodHandle prlimit = linker.downcallHandle(
        linker.defaultLookup().find("prlimit").orElseThrow(),
        FunctionDescriptor.of(
            ValueLayout.JAVA_INT,
            ValueLayout.JAVA_INT,
            ValueLayout.JAVA_INT,
            ValueLayout.ADDRESS,
            ValueLayout.ADDRESS));
    try (Arena arena = Arena.ofConfined()) {
      // The soft limit; the hard one stays, so that the soft one can be taken back.
      MemorySegment limits = arena.allocateFrom(ValueLayout.JAVA_LONG, bytes, NONE);
      int failed = (int) prlimit.invokeExact((int) pid, FILE_SIZE, limits, MemorySegment.NULL);
      if (failed != 0) {
        throw new IllegalStateException("prlimit of process " + pid + " failed");
      }
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }
}
