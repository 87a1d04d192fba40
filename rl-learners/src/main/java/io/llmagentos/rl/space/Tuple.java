package io.llmagentos.rl.space;

import io.llmagentos.rl.random.Generator;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** One value of each space, in order. */
public record Tuple(List<Space<?>> spaces) implements Space<List<Object>> {
  public Tuple {
    spaces = List.copyOf(spaces);
  }

  public Tuple(Space<?>... spaces) {
    this(List.of(spaces));
  }

  @Override
  public List<Object> sample(Generator random) {
    List<Object> value = new ArrayList<>();
    for (Space<?> space : spaces) {
      value.add(space.sample(random));
    }
    return List.copyOf(value);
  }

  @Override
  public Supplier<List<Object>> sampler(long seed) {
    List<Supplier<?>> samplers = Parts.samplers(spaces, seed);
    return () -> List.copyOf(samplers.stream().<Object>map(Supplier::get).toList());
  }

  @Override
  public boolean contains(@Nullable Object value) {
    if (!(value instanceof List<?> list) || list.size() != spaces.size()) {
      return false;
    }
    for (int i = 0; i < spaces.size(); i++) {
      if (!spaces.get(i).contains(list.get(i))) {
        return false;
      }
    }
    return true;
  }

  @Override
  public int flatdim() {
    return spaces.stream().mapToInt(Space::flatdim).sum();
  }

  @Override
  public void flatten(List<Object> value, float[] out, int offset) {
    int at = offset;
    for (int i = 0; i < spaces.size(); i++) {
      Parts.of(spaces.get(i)).flatten(value.get(i), out, at);
      at += spaces.get(i).flatdim();
    }
  }

  @Override
  public List<Object> unflatten(float[] flat, int offset) {
    List<Object> value = new ArrayList<>();
    int at = offset;
    for (Space<?> space : spaces) {
      value.add(space.unflatten(flat, at));
      at += space.flatdim();
    }
    return List.copyOf(value);
  }

  @Override
  public int width() {
    return spaces.stream().mapToInt(Space::width).sum();
  }

  @Override
  public void encode(List<Object> value, float[] out, int offset) {
    int at = offset;
    for (int i = 0; i < spaces.size(); i++) {
      Parts.of(spaces.get(i)).encode(value.get(i), out, at);
      at += spaces.get(i).width();
    }
  }

  @Override
  public List<Object> decode(float[] encoded, int offset) {
    List<Object> value = new ArrayList<>();
    int at = offset;
    for (Space<?> space : spaces) {
      value.add(space.decode(encoded, at));
      at += space.width();
    }
    return List.copyOf(value);
  }
}
