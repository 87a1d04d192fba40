package io.llmagentos.model.training.data;

import static io.llmagentos.model.training.data.TestData.arguments;
import static io.llmagentos.model.training.data.TestData.corpus;
import static io.llmagentos.model.training.data.TestData.refused;
import static org.assertj.core.api.Assertions.assertThat;

import io.llmagentos.model.training.arguments.DataArguments;
import io.llmagentos.model.training.arguments.TrainingTask;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CorpusTest {
  @TempDir
  private Path directory = Path.of("");

  private Path file(String name, String content) throws IOException {
    Path file = directory.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.writeString(file, content);
  }

  private static List<Row> rows(Corpus corpus) throws IOException {
    List<Row> rows = new ArrayList<>();
    corpus.forEach(rows::add);
    return rows;
  }

  private List<String> names(String... patterns) throws IOException {
    List<String> absolute =
        Arrays.stream(patterns).map(p -> directory + "/" + p).toList();
    return DataFiles.of("train_file", absolute).stream()
        .map(file -> directory.relativize(file).toString())
        .toList();
  }

  @Test
  void shouldFindFilesDirectoriesAndGlobs() throws IOException {
    for (String name : List.of("b.txt", "a.txt", "c.jsonl", "d.csv", "more/e.txt", "more/f.json")) {
      Path unused = file(name, "x");
    }
    assertThat(names("d.csv", "a.txt")).containsExactly("d.csv", "a.txt");
    assertThat(names("")).containsExactly("a.txt", "b.txt", "c.jsonl", "more/e.txt", "more/f.json");
    assertThat(names("*.txt")).containsExactly("a.txt", "b.txt");
    assertThat(names("**/*.json*", "[ab].txt")).containsExactly("more/f.json", "a.txt", "b.txt");
    assertThat(refused(() -> names("a.txt", "nothing/*.txt")))
        .contains("train_file " + directory + "/nothing/*.txt");
    Files.createDirectory(directory.resolve("empty"));
    assertThat(refused(() -> names("empty"))).contains("train_file " + directory + "/empty");
  }

  @Test
  void shouldReadLinesOfTextWithTheirEnds() throws IOException {
    Path text = file("a.txt", "\uFEFFone\r\n\nthrée 😀\nlast");
    assertThat(rows(corpus(text)).stream().map(Row::content))
        .containsExactly("one\r\n", "\n", "thrée 😀\n", "last");
    assertThat(rows(corpus(text)).stream().map(Row::endsDocument))
        .containsExactly(false, false, false, true);
    assertThat(rows(corpus(text)).stream()
            .map(row -> row.text(DataArguments.TEXT_COLUMN_NAME, "text", false)))
        .containsExactly("one", "", "thrée 😀", "last");
  }

  @Test
  void shouldReadLinesThatAreLongerThanItsBuffer() throws IOException {
    String line = "äöü".repeat(50_000);
    Path text = file("a.txt", line + "\n" + line + "\n");
    assertThat(rows(corpus(text)).stream().map(Row::content))
        .containsExactly(line + "\n", line + "\n");
  }

  @Test
  void shouldReadObjectsOfJsonLines() throws IOException {
    Path json = file("a.jsonl", "{\"text\": \"a\\nb\"}\n\n  \n{\"text\": \"c\"}\n");
    List<Row> rows = rows(corpus(json));
    assertThat(rows.stream().map(row -> row.text(DataArguments.TEXT_COLUMN_NAME, "text", false)))
        .containsExactly("a\nb", "c");
    assertThat(rows.stream().map(Row::line)).containsExactly(1L, 4L);
    assertThat(rows.stream().allMatch(Row::endsDocument)).isTrue();
  }

  @Test
  void shouldNameFileLineAndLimitOfWhatIsNoText() throws IOException {
    Path empty = file("empty.txt", "");
    assertThat(refused(() -> rows(corpus(empty)))).isEqualTo(empty + " is empty");
    Path binary = file("binary.txt", "good\nbad\0\n");
    assertThat(refused(() -> rows(corpus(binary)))).startsWith(binary + ":2 has a byte 0");
    Path latin = directory.resolve("latin.txt");
    Files.write(latin, "a\nb\ncafé\n".getBytes(StandardCharsets.ISO_8859_1));
    assertThat(refused(() -> rows(corpus(latin)))).isEqualTo(latin + ":3 is not UTF-8");
    Path cut = directory.resolve("cut.txt");
    Files.write(cut, Arrays.copyOf("naïve é".getBytes(StandardCharsets.UTF_8), 8));
    assertThat(refused(() -> rows(corpus(cut)))).isEqualTo(cut + ":1 is not UTF-8");
  }

  @Test
  void shouldStopAtALineOf100MegabytesWithoutReadingIt() throws IOException {
    Path file = directory.resolve("long.txt");
    byte[] megabyte = new byte[1 << 20];
    Arrays.fill(megabyte, (byte) 'x');
    try (OutputStream out = Files.newOutputStream(file)) {
      out.write("short\n".getBytes(StandardCharsets.UTF_8));
      for (int i = 0; i < 100; i++) {
        out.write(megabyte);
      }
    }
    assertThat(refused(() -> rows(corpus(file))))
        .isEqualTo(file + ":2 is longer than max_line_bytes 1048576");
  }

  @Test
  void shouldNameWhatIsWrongWithARow() throws IOException {
    Path json =
        file("a.jsonl", "{\"text\": 1, \"other\": null}\n[1]\n{\"text\"\n{\"body\": \"x\"}\n");
    List<Row> rows = rows(corpus(json));
    assertThat(refused(() -> rows.get(0).text(DataArguments.TEXT_COLUMN_NAME, "text", false)))
        .isEqualTo(json + ":1 has in column text no text but NUMBER");
    assertThat(refused(() -> rows.get(0).text(DataArguments.TEXT_COLUMN_NAME, "other", false)))
        .isEqualTo(json + ":1 has no column other (text_column_name); it has text, other");
    assertThat(refused(() -> rows.get(1).object()))
        .isEqualTo(json + ":2 is no JSON object but ARRAY");
    assertThat(refused(() -> rows.get(2).object())).startsWith(json + ":3 is not JSON: ");
    assertThat(refused(() -> rows.get(3).text(DataArguments.TEXT_COLUMN_NAME, "text", false)))
        .isEqualTo(json + ":4 has no column text (text_column_name); it has body");
    Path text = file("a.txt", "x");
    assertThat(refused(() -> rows(corpus(text)).getFirst().object()))
        .startsWith(text + ":1 is a line of text: JSON lines");
  }

  @Test
  void shouldSplitOnlyWhereItEvaluates() throws IOException {
    Path text = file("a.txt", "0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n");
    Corpus.Splits all = Corpus.of(arguments(TrainingTask.LM_FINETUNE, text.toString(), Map.of()));
    assertThat(all.train().countRows()).isEqualTo(10);
    assertThat(all.validation()).isEmpty();

    Corpus.Splits splits = Corpus.of(arguments(
        TrainingTask.LM_FINETUNE,
        text.toString(),
        Map.of("do_eval", true, "validation_split_percentage", 20)));
    assertThat(rows(splits.validation().orElseThrow()).stream().map(Row::content))
        .containsExactly("0\n", "1\n");
    assertThat(rows(splits.train()).stream().map(Row::content)).hasSize(8).startsWith("2\n");

    assertThat(refused(() -> Corpus.of(arguments(
            TrainingTask.LM_FINETUNE,
            text.toString(),
            Map.of("do_eval", true, "validation_split_percentage", 4)))))
        .isEqualTo("validation_split_percentage is 4: of 10 rows that leaves none to evaluate on");

    Path other = file("other.txt", "v\n");
    Corpus.Splits files = Corpus.of(arguments(
        TrainingTask.LM_FINETUNE,
        text.toString(),
        Map.of("eval_strategy", "epoch", "validation_file", other.toString())));
    assertThat(files.train().countRows()).isEqualTo(10);
    assertThat(rows(files.validation().orElseThrow()).getFirst().content()).isEqualTo("v\n");
  }
}
