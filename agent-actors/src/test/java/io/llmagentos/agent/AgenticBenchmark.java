package io.llmagentos.agent;

import com.typesafe.config.ConfigFactory;
import com.zaxxer.hikari.HikariDataSource;
import dev.langchain4j.agent.tool.P;
import dev.langchain4j.agent.tool.Tool;
import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.agentic.Agent;
import dev.langchain4j.agentic.AgenticServices;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.ChatMessageDeserializer;
import dev.langchain4j.data.message.ChatMessageSerializer;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import dev.langchain4j.memory.chat.MessageWindowChatMemory;
import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.service.MemoryId;
import dev.langchain4j.service.UserMessage;
import dev.langchain4j.service.V;
import dev.langchain4j.store.memory.chat.ChatMemoryStore;
import dev.langchain4j.store.memory.chat.InMemoryChatMemoryStore;
import io.llmagentos.node.boot.SoloNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;

/**
 * Turns a second beside LangChain4j's agentic module, with the same scripted model that costs nothing, in one process and interleaved: a turn that talks, and one that
 * calls a tool and tells the result. {@code AgenticBenchmark [seconds] [rounds] [sessions]}.
 *
 * <p>Ours writes every turn, reply, call and receipt to H2 before it goes on. LangChain4j's keeps nothing, or its chat memory in H2 through a {@link ChatMemoryStore},
 * written again as a whole with each message; a call that a crash interrupts leaves no trace in either.
 */
final class AgenticBenchmark {
  private static final String SETTINGS = """
      pekko.loglevel = WARNING
      llmagentos.agent { model = scripted, zone = UTC, definitions = "src/test/resources/agents" }
      llmagentos.model.models.scripted {
        kind = scripted
        rules = [
          { when = "look up", round = 2, results = "(?<result>.+)", text = "So: ${result}." }
          { when = "look up (?<order>\\\\w+)", call = look_up }
          { when = "^hello", text = "Hello there." }
        ]
      }
      """;
  private static final int MESSAGES_KEPT = 20;

  private AgenticBenchmark() {}

  /** What a worker says; blocks until it is answered. */
  interface Talk {
    String say(int worker, String text) throws Exception;
  }

  /** LangChain4j's side. */
  public interface Shop {
    @Agent("a shop")
    @UserMessage("{{wish}}")
    String wish(@MemoryId String session, @V("wish") String wish);
  }

  /** Its tool. */
  public static final class LookUp {
    @Tool("look up an order")
    public String lookUp(@P("order") String order) {
      return "look_up of " + order + " for 0";
    }
  }

  /** The same script as ours. */
  private static final class Script implements ChatModel {
    @Override
    public ChatResponse doChat(ChatRequest request) {
      ChatMessage last = request.messages().getLast();
      AiMessage reply;
      if (last instanceof ToolExecutionResultMessage result) {
        reply = AiMessage.from("So: " + result.text() + ".");
      } else if (last instanceof dev.langchain4j.data.message.UserMessage user
          && user.singleText().startsWith("look up ")) {
        reply = AiMessage.from(ToolExecutionRequest.builder()
            .id("call_0")
            .name("lookUp")
            .arguments("{\"order\":\"" + user.singleText().substring(8) + "\"}")
            .build());
      } else {
        reply = AiMessage.from("Hello there.");
      }
      return ChatResponse.builder().aiMessage(reply).build();
    }
  }

  /** Chat memories in a table, committed when they are said to be. */
  private static final class Table implements ChatMemoryStore {
    private final HikariDataSource pool;

    Table(Path file) throws SQLException {
      pool = new HikariDataSource();
      pool.setJdbcUrl("jdbc:h2:file:" + file + ";WRITE_DELAY=0");
      pool.setMaximumPoolSize(8);
      try (Connection connection = pool.getConnection();
          var create = connection.createStatement()) {
        create.execute("CREATE TABLE memory (id VARCHAR(255) PRIMARY KEY, messages CLOB)");
      }
    }

    @Override
    public List<ChatMessage> getMessages(Object id) {
      try (Connection connection = pool.getConnection();
          var select = connection.prepareStatement("SELECT messages FROM memory WHERE id = ?")) {
        select.setString(1, id.toString());
        try (ResultSet row = select.executeQuery()) {
          return row.next()
              ? ChatMessageDeserializer.messagesFromJson(row.getString(1))
              : new ArrayList<>();
        }
      } catch (SQLException e) {
        throw new IllegalStateException(e);
      }
    }

    @Override
    public void updateMessages(Object id, List<ChatMessage> messages) {
      try (Connection connection = pool.getConnection();
          var merge = connection.prepareStatement("MERGE INTO memory VALUES (?, ?)")) {
        merge.setString(1, id.toString());
        merge.setString(2, ChatMessageSerializer.messagesToJson(messages));
        merge.executeUpdate();
      } catch (SQLException e) {
        throw new IllegalStateException(e);
      }
    }

    @Override
    public void deleteMessages(Object id) {
      throw new UnsupportedOperationException("this benchmark forgets nothing");
    }
  }

  public static void main(String[] arguments) throws Exception {
    int seconds = number(arguments, 0, 5);
    int rounds = number(arguments, 1, 3);
    int sessions = number(arguments, 2, 16); // as many calls of a tool may run at once
    Path directory = Files.createTempDirectory("agentic");
    try (SoloNode solo = SoloNode.start(ConfigFactory.parseString(SETTINGS))) {
      Map<String, Talk> sides = new LinkedHashMap<>();
      sides.put("ours, journal in H2", ours(solo, sessions));
      sides.put("LangChain4j, memory only", langChain4j(new InMemoryChatMemoryStore()));
      sides.put("LangChain4j, chat memory in H2", langChain4j(new Table(directory.resolve("m"))));
      for (String text : List.of("hello", "look up X77")) {
        Map<String, List<Double>> rates = new LinkedHashMap<>();
        for (int round = 0; round <= rounds; round++) {
          for (var side : sides.entrySet()) {
            String answer = text.equals("hello") ? "Hello there" : "So: look_up of X77";
            double rate = measure(side.getKey(), side.getValue(), text, answer, seconds, sessions)
                .perSecond();
            if (round > 0) {
              rates.computeIfAbsent(side.getKey(), any -> new ArrayList<>()).add(rate);
            }
          }
        }
        rates.forEach((side, all) -> System.out.printf(
            "median of %d: \"%s\", %s: %.0f turns/s%n",
            rounds, text, side, all.stream().sorted().toList().get(all.size() / 2)));
      }
    }
  }

  private static Talk ours(SoloNode solo, int sessions) {
    List<AgentOs.Dialogue> dialogues = new ArrayList<>();
    for (int session = 0; session < sessions; session++) {
      dialogues.add(AgentOs.on(solo.node()).session("shop", "customer-" + session, "s" + session));
    }
    return (worker, text) -> dialogues
        .get(worker)
        .say(text)
        .toCompletableFuture()
        .get(1, TimeUnit.MINUTES)
        .answer();
  }

  private static Talk langChain4j(ChatMemoryStore store) {
    Shop shop = AgenticServices.agentBuilder(Shop.class)
        .chatModel(new Script())
        .tools(new LookUp())
        .chatMemoryProvider(id -> MessageWindowChatMemory.builder()
            .id(id)
            .maxMessages(MESSAGES_KEPT)
            .chatMemoryStore(store)
            .build())
        .outputKey("answer")
        .build();
    return (worker, text) -> shop.wish("s" + worker, text);
  }

  /** What a loop did. */
  record Load(int turns, double perSecond) {}

  /**
   * A closed loop of so many workers; the first round warms up.
   *
   * @param begins how every answer must begin
   */
  static Load measure(String side, Talk talk, String text, String begins, int seconds, int workers)
      throws InterruptedException {
    ConcurrentLinkedQueue<Double> millis = new ConcurrentLinkedQueue<>();
    long begun = System.nanoTime();
    long end = begun + TimeUnit.SECONDS.toNanos(seconds);
    List<Thread> threads = new ArrayList<>();
    for (int each = 0; each < workers; each++) {
      int worker = each;
      threads.add(Thread.startVirtualThread(() -> {
        for (long said = System.nanoTime(); said < end; said = System.nanoTime()) {
          try {
            String answer = talk.say(worker, text);
            if (!answer.startsWith(begins)) {
              throw new IllegalStateException(answer);
            }
          } catch (Exception e) {
            throw new IllegalStateException(side, e);
          }
          millis.add((System.nanoTime() - said) / 1e6);
        }
      }));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    double took = (System.nanoTime() - begun) / 1e9;
    double[] sorted = Arrays.stream(millis.toArray(Double[]::new))
        .mapToDouble(each -> each)
        .sorted()
        .toArray();
    System.out.printf(
        "\"%s\", %s: %.0f turns/s, p50 %.2f ms, p99 %.2f ms%n",
        text,
        side,
        sorted.length / took,
        sorted[sorted.length / 2],
        sorted[(int) (sorted.length * 0.99)]);
    return new Load(sorted.length, sorted.length / took);
  }

  static int number(String[] arguments, int at, int otherwise) {
    return at < arguments.length ? Integer.parseInt(arguments[at]) : otherwise;
  }
}
