package io.llmagentos.deploy;

import com.typesafe.config.Config;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.pekko.persistence.AtomicWrite;
import org.apache.pekko.persistence.jdbc.journal.JdbcAsyncWriteJournal;
import scala.collection.immutable.Seq;
import scala.concurrent.Future;
import scala.jdk.javaapi.FutureConverters;
import scala.runtime.BoxedUnit;
import scala.util.Try;

/**
 * The journal, in a process that ends at a write: without a word, as by kill -9, before anything is written or after it has been committed and before its entity
 * knows. {@link #HALT} says at which.
 */
public final class HaltingJournal extends JdbcAsyncWriteJournal {
  /** The variable that names a write since the process's start, from 1: {@code before-3}, {@code after-3}; empty: none. */
  static final String HALT = "HALT_AT_WRITE";

  static final int EXIT_CODE = 86;

  private static final AtomicInteger WRITES = new AtomicInteger();

  public HaltingJournal(Config config) {
    super(config);
  }

  @Override
  public Future<Seq<Try<BoxedUnit>>> asyncWriteMessages(Seq<AtomicWrite> messages) {
    var write = "-" + WRITES.incrementAndGet();
    halt("before" + write);
    var written = super.asyncWriteMessages(messages);
    var unused =
        FutureConverters.asJava(written).whenComplete((results, failure) -> halt("after" + write));
    return written;
  }

  private static void halt(String here) {
    if (here.equals(System.getenv(HALT))) {
      Runtime.getRuntime().halt(EXIT_CODE);
    }
  }
}
