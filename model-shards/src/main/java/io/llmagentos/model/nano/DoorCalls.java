package io.llmagentos.model.nano;

import com.typesafe.config.ConfigFactory;
import io.llmagentos.model.chat.ChatReply;
import io.llmagentos.model.functions.FunctionSet;
import io.llmagentos.model.remote.OpenAiModel;
import io.llmagentos.model.serving.TokenListener;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Calls by way of an OpenAI-compatible endpoint, one at a time, with the time that each took. For one thread. */
final class DoorCalls implements Calls, AutoCloseable {
  private static final double NANOS_PER_MILLI = 1e6;

  private final String model;
  private final OpenAiModel door;
  private final List<Long> nanos = new ArrayList<>();

  /** @param url ends in {@code /v1} */
  DoorCalls(String url, String model) {
    this.model = model;
    door = OpenAiModel.create(
        model,
        ConfigFactory.parseMap(Map.of(
            "base-url", url, "model", model, "api-key", "", "timeout", "30s", "retries", 0)));
  }

  @Override
  public List<Call> of(FunctionSet set, List<String> requests) throws IOException {
    var calls = new ArrayList<Call>();
    nanos.clear();
    for (String text : requests) {
      long start = System.nanoTime();
      ChatReply reply = door.chat(Calls.request(model, set, text), TokenListener.SILENT)
          .toCompletableFuture()
          .join();
      nanos.add(System.nanoTime() - start);
      calls.add(Calls.read(reply));
    }
    return calls;
  }

  /** Time of a request, in milliseconds, of the last requests. */
  double millis(double quantile) {
    long[] sorted = nanos.stream().mapToLong(Long::longValue).sorted().toArray();
    return sorted[(int) Math.min(sorted.length - 1, Math.floor(sorted.length * quantile))]
        / NANOS_PER_MILLI;
  }

  @Override
  public void close() {
    door.close();
  }
}
