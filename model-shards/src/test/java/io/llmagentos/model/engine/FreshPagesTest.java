package io.llmagentos.model.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

class FreshPagesTest {
  private static final int ALIGNMENT = 64;

  @Test
  void shouldGiveAlignedZerosAgainAndAgain() {
    for (long bytes : new long[] {1, 1000, 1 << 20, 1000, 1 << 20}) {
      try (Arena arena = Arena.ofShared()) {
        MemorySegment memory = FreshPages.allocate(arena, bytes, ALIGNMENT);
        assertThat(memory.byteSize()).isEqualTo(bytes);
        assertThat(memory.address() % ALIGNMENT).isZero();
        assertThat(memory.toArray(ValueLayout.JAVA_BYTE)).containsOnly(0);
        memory.fill((byte) 1);
      }
    }
  }

  @Test
  void shouldBeGoneWithItsArena() {
    MemorySegment memory;
    try (Arena arena = Arena.ofShared()) {
      memory = FreshPages.allocate(arena, 1, ALIGNMENT);
    }
    assertThatThrownBy(() -> memory.get(ValueLayout.JAVA_BYTE, 0))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void shouldSayWhenThereIsNoRoom() {
    try (Arena arena = Arena.ofConfined()) {
      assertThatThrownBy(() -> FreshPages.allocate(arena, Long.MAX_VALUE / 2, ALIGNMENT))
          .isInstanceOf(OutOfMemoryError.class)
          .hasMessageContaining("4611686018427387903");
    }
  }
}
