package io.llmagentos.model.nano;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads labelled requests: JSON lines, and our own sentences with the slots marked in the text. */
final class ExampleFiles {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Pattern SLOT = Pattern.compile("\\[(\\w+): ([^\\]]+)\\]");

  private ExampleFiles() {}

  /** Lines {"text", "intent", "slots": [{"name", "start", "end"}]}; slots may be absent. */
  static List<Example> jsonLines(Path file) throws IOException {
    var examples = new ArrayList<Example>();
    for (String line : Files.readAllLines(file)) {
      JsonNode node = JSON.readTree(line);
      var slots = new ArrayList<Example.Slot>();
      node.path("slots")
          .forEach(s -> slots.add(new Example.Slot(
              s.get("name").asText(), s.get("start").asInt(), s.get("end").asInt())));
      slots.sort(Comparator.comparingInt(Example.Slot::start));
      examples.add(new Example(node.get("text").asText(), node.get("intent").asText(), slots));
    }
    return examples;
  }

  /** A line as in {@code alarm_set<TAB>wake me at [time: nine am]}. */
  static Example marked(String line) {
    String[] parts = line.split("\t", 2);
    var text = new StringBuilder();
    var slots = new ArrayList<Example.Slot>();
    Matcher matcher = SLOT.matcher(parts[1]);
    int from = 0;
    while (matcher.find()) {
      text.append(parts[1], from, matcher.start());
      int start = text.length();
      text.append(matcher.group(2));
      slots.add(new Example.Slot(matcher.group(1), start, text.length()));
      from = matcher.end();
    }
    text.append(parts[1].substring(from));
    return new Example(text.toString(), parts[0], slots);
  }

  /** The examples of our own sentences. */
  static List<Example> ownSentences() {
    return lines("sentences.tsv").stream().map(ExampleFiles::marked).toList();
  }

  /** CLINC150 intents that HWU64 has under another name, or that have no single counterpart there ({@code -}). */
  static Map<String, String> overlap() {
    var names = new LinkedHashMap<String, String>();
    for (String line : lines("clinc150-to-hwu64.tsv")) {
      String[] parts = line.split("\t", 2);
      names.put(parts[0], parts[1]);
    }
    return names;
  }

  /** HWU64 intents that CLINC150 knows nothing of. */
  static List<String> outsideClinc() {
    return lines("outside-clinc150.txt");
  }

  private static List<String> lines(String resource) {
    try (var in =
            Objects.requireNonNull(ExampleFiles.class.getResourceAsStream(resource), resource);
        var reader = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
      return reader.lines().filter(l -> !l.isBlank() && !l.startsWith("#")).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
