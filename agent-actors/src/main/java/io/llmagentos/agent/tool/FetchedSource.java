package io.llmagentos.agent.tool;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A source whose tools are described elsewhere. The description is fetched in the background, again and again until it is there and can be used; meanwhile calls
 * are refused and say why. Thread-safe.
 */
public abstract class FetchedSource implements ToolSource {
  private static final Logger LOG = LoggerFactory.getLogger(FetchedSource.class);
  private static final Duration PAUSE = Duration.ofMillis(250);
  private static final int DOUBLINGS = 7;

  /** What is there describes nothing that could be used. */
  public static final class Unusable extends Exception {
    private static final long serialVersionUID = 1L;

    public Unusable(String message) {
      super(message);
    }
  }

  private final String name;
  private final String who;
  private final String what;
  private volatile @Nullable Thread fetcher;
  private volatile List<Tool> tools = List.of();
  private volatile String trouble;

  /**
   * One that has no tools yet.
   *
   * @param name the source's
   * @param who the source in words
   * @param what its description in a word
   */
  protected FetchedSource(String name, String who, String what) {
    this.name = name;
    this.who = who;
    this.what = what;
    this.trouble = "its " + what + " has not been read yet";
  }

  /** Fetch the description and read the tools from it. Blocks. */
  protected abstract List<Tool> fetch() throws IOException, InterruptedException, Unusable;

  protected final void startFetching() {
    fetcher = Thread.ofVirtual().name(who).start(this::fetchUntilThere);
  }

  protected final void use(List<Tool> read) {
    tools = List.copyOf(read);
    LOG.info("{}: {} tools", who, read.size());
  }

  private void fetchUntilThere() {
    try {
      for (int failures = 0; !fetched(); failures++) {
        Thread.sleep(PAUSE.multipliedBy(1L << Math.min(failures, DOUBLINGS)));
      }
    } catch (InterruptedException e) {
      // Only close interrupts.
    }
  }

  private boolean fetched() throws InterruptedException {
    try {
      use(fetch());
      return true;
    } catch (IOException | Unusable | RuntimeException e) {
      trouble = "its " + what + " cannot be used: "
          + (e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage());
      LOG.warn("{}: {}", who, trouble);
      return false;
    }
  }

  @Override
  public final List<Tool> tools() {
    return tools;
  }

  @Override
  public final Optional<Tool> find(String tool) {
    return tools.isEmpty() && tool.startsWith(ToolNames.prefix(name))
        ? Optional.of(new AbsentTool(tool, who + ": " + trouble))
        : ToolSource.super.find(tool);
  }

  @Override
  public void close() {
    Thread fetching = fetcher;
    if (fetching != null) {
      fetching.interrupt();
    }
  }
}
