package io.llmagentos.model.training.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmagentos.model.functions.CallTokens;
import io.llmagentos.model.functions.FunctionDirectory;
import io.llmagentos.model.functions.FunctionSets;
import io.llmagentos.model.tokenizer.Tokenizer;
import io.llmagentos.model.tokenizer.training.ByteLevelBpeTrainer;
import io.llmagentos.model.training.Batch;
import io.llmagentos.model.training.arguments.Arguments;
import io.llmagentos.model.training.arguments.TrainingTask;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CallCollatorTest {
  private static final List<String> ROWS = List.of(
      "{'text':'wake me at nine on friday','call':{'name':'alarm_set','arguments':{'date':'friday','time':'nine'}}}",
      "{'text':'an alarm for half past six please','call':{'name':'alarm_set','arguments':{'time':'half past six'}}}",
      "{'text':'what alarms are set','call':{'name':'alarm_query','arguments':{}}}",
      "{'text':'sing to me','call':null}",
      "{'text':'nine or nine','intent':'alarm_set','slots':[{'name':'time','start':8,'end':12}]}");

  @TempDir
  private Path directory;

  @SuppressWarnings("NullAway.Init")
  private Tokenizer tokenizer;

  @SuppressWarnings("NullAway.Init")
  private Examples examples;

  @BeforeEach
  void write() throws IOException {
    Corpus corpus = corpus(ROWS);
    FunctionSets sets = Requests.sets(corpus, 0);
    ByteLevelBpeTrainer trainer =
        ByteLevelBpeTrainer.uncased(420, FunctionDirectory.tokens(sets), FunctionDirectory.roles());
    Requests.showTo(trainer, corpus);
    trainer.train().write(directory, 64);
    tokenizer = Tokenizer.load(directory);
    Requests.write(directory, "train", corpus, sets, tokenizer, 64);
    examples = Datasets.openExamples(directory, "train");
  }

  @AfterEach
  void close() {
    examples.close();
    tokenizer.close();
  }

  private Corpus corpus(List<String> rows) throws IOException {
    Path file = directory.resolve("rows.jsonl");
    Files.write(file, rows.stream().map(row -> row.replace('\'', '"')).toList());
    return new Corpus(List.of(file), 1 << 20, 0, Long.MAX_VALUE);
  }

  private CallCollator collator(boolean varied, Map<String, ?> more) throws IOException {
    Map<String, Object> given = new LinkedHashMap<>(
        Map.of("output_dir", "o", "train_file", "t", "model_name_or_path", "m"));
    given.putAll(more);
    Arguments arguments = Arguments.parse(TrainingTask.TOOLS_FINETUNE, given);
    return new CallCollator(directory, tokenizer, arguments, 64, varied);
  }

  private List<String> names(int[] ids) {
    List<String> names = new ArrayList<>();
    for (int id : ids) {
      names.add(
          id == Batch.IGNORED ? "-" : String.valueOf(tokenizer.vocabulary().name(id)));
    }
    return names;
  }

  /** What a row's call says, in its own words. */
  private String call(int[] ids) {
    List<String> names = names(ids);
    int at = names.indexOf(CallTokens.CALL);
    StringBuilder call = new StringBuilder(CallTokens.name(names.get(++at)));
    for (at++; !names.get(at).equals(CallTokens.END); at++) {
      String name = names.get(at);
      call.append(
          name.startsWith("<arg:")
              ? " " + CallTokens.name(name) + "="
              : name.replace('\u0120', ' '));
    }
    return call.toString().replace("= ", "=");
  }

  @Test
  void shouldLearnTheCallBehindTheRequest() throws IOException {
    Batch batch = collator(false, Map.of()).collate(examples, new long[] {0, 2, 3}, 0);
    assertThat(call(batch.inputIds()[0])).isEqualTo("alarm_set time=nine date=friday");
    assertThat(call(batch.inputIds()[1])).isEqualTo("alarm_query");
    assertThat(names(batch.inputIds()[2])).contains(CallTokens.NONE, CallTokens.PAD);
    int[][] labels = Objects.requireNonNull(batch.labels());
    List<String> learnt = new ArrayList<>(names(labels[0]));
    learnt.removeIf("-"::equals);
    assertThat(String.join("", learnt))
        .isEqualTo("<fn:alarm_set><arg:time>\u0120nine<arg:date>\u0120friday<|end|>");
    for (int t = 0; t < labels[0].length; t++) {
      assertThat(labels[0][t]).isIn(Batch.IGNORED, batch.inputIds()[0][t]);
    }
  }

  @Test
  void shouldVaryRowsByEpochAndIndexAlone() throws IOException {
    Map<String, Double> much =
        Map.of("value_exchange_probability", 0.9, "bpe_dropout", 0.5, "word_mask_probability", 0.3);
    CallCollator collator = collator(true, much);
    Set<String> seen = new HashSet<>();
    for (long epoch = 0; epoch < 40; epoch++) {
      int[] together = collator.collate(examples, new long[] {0, 1, 4}, epoch).inputIds()[1];
      Batch alone = collator(true, much).collate(examples, new long[] {1}, epoch);
      int[] ids = alone.inputIds()[0];
      assertThat(together).startsWith(ids);
      String call = call(ids);
      assertThat(call).isIn("alarm_set time=nine", "alarm_set time=half past six");
      seen.add(call + names(ids));
    }
    assertThat(seen).hasSizeGreaterThan(20);
    assertThat(seen.stream().filter(row -> row.contains(CallTokens.MASK))).isNotEmpty();
    assertThat(seen.stream().filter(row -> row.startsWith("alarm_set time=nine")))
        .isNotEmpty();
  }

  @Test
  void shouldLearnSomeRequestsToo() throws IOException {
    CallCollator never = collator(true, Map.of("request_loss_probability", 0));
    CallCollator always = collator(true, Map.of("request_loss_probability", 1));
    int learntNever = learnt(never);
    assertThat(learnt(always)).isGreaterThan(learntNever + 4);
  }

  private int learnt(CallCollator collator) {
    int[][] labels =
        Objects.requireNonNull(collator.collate(examples, new long[] {1}, 0).labels());
    return (int) names(labels[0]).stream().filter(name -> !name.equals("-")).count();
  }

  @Test
  void shouldRefuseRowsThatCannotBeLearnt() throws IOException {
    assertRefused("{'text':'at nine','call':{'name':'a','arguments':{'t':'ten'}}}", "'ten'");
    assertRefused("{'text':'at nine','call':{'name':'a','arguments':{'t':'nin'}}}", "'nin'");
    assertRefused("{'text':'  ','call':null}", "no text");
    assertRefused("{'text':'x'}", "neither call");
    assertRefused("{'text':'x','call':{'name':'a b','arguments':{}}}", "'a b'");
    assertRefused(
        "{'text':'x','intent':'a','slots':[{'name':'s','start':0,'end':5}]}", "slot s from 0 to 5");
    FunctionSets sets = Requests.sets(corpus(ROWS), 0);
    for (Map.Entry<String, String> row : Map.of(
            "{'text':'x','call':{'name':'b','arguments':{}}}",
            "function b",
            "{'text':'x y','call':{'name':'alarm_set','arguments':{'s':'y'}}}",
            "argument s",
            "{'text':'x','set':'other','call':null}",
            "set other",
            "{'text':'" + "word ".repeat(60) + "','call':null}",
            "max_seq_length")
        .entrySet()) {
      assertThatThrownBy(() ->
              Requests.write(directory, "no", corpus(List.of(row.getKey())), sets, tokenizer, 64))
          .isInstanceOfSatisfying(
              AgentOsException.class,
              e -> assertThat(e.code()).isEqualTo(ErrorCode.DATASET_INVALID))
          .hasMessageContaining(row.getValue())
          .hasMessageContaining("rows.jsonl:1");
    }
  }

  private void assertRefused(String row, String what) {
    assertThatThrownBy(() -> Requests.sets(corpus(List.of(row)), 0))
        .isInstanceOfSatisfying(
            AgentOsException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.DATASET_INVALID))
        .hasMessageContaining(what)
        .hasMessageContaining("rows.jsonl:1");
  }
}
