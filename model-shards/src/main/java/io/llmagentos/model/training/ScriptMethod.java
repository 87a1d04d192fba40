package io.llmagentos.model.training;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Lines of TorchScript as a method: whole, or cut into parts that are called one after the other. A part takes what the parts before it have assigned and it
 * mentions; so the parts compute what the whole computes, operation by operation.
 *
 * @param training whether it has the flat gradient as an argument
 * @param definitions lines by the variable that they define, each written before its first mention in a part: views of arguments, numbers, what is no tensor
 * @param lines which assign tensors, or change views
 * @param results variables that the first part returns first
 */
record ScriptMethod(
    boolean training, Map<String, String> definitions, List<String> lines, List<String> results) {
  private static final Pattern WORD = Pattern.compile("[A-Za-z_]\\w*");
  private static final Pattern ASSIGNED = Pattern.compile("([\\w, ]+?) = ");

  /**
   * @param name of the method
   * @param inputs arguments, in order
   * @param takes variables whose tensors are the argument {@code live}, in order
   * @param gives variables whose tensors are returned behind the results, in order
   */
  record Part(
      String name, String source, List<Input> inputs, List<String> takes, List<String> gives) {
    Part {
      inputs = List.copyOf(inputs);
      takes = List.copyOf(takes);
      gives = List.copyOf(gives);
    }
  }

  ScriptMethod {
    definitions = Map.copyOf(definitions);
    lines = List.copyOf(lines);
    results = List.copyOf(results);
  }

  /** The variables that a line mentions, among other words. */
  static Set<String> words(String line) {
    Set<String> words = new LinkedHashSet<>();
    Matcher matcher = WORD.matcher(line);
    while (matcher.find()) {
      words.add(matcher.group());
    }
    return words;
  }

  private static List<String> assigned(String line) {
    Matcher matcher = ASSIGNED.matcher(line);
    return matcher.lookingAt() ? List.of(matcher.group(1).split(", ", -1)) : List.of();
  }

  Part whole(String name) {
    return cut(name, List.of(lines.size())).getFirst();
  }

  /**
   * Parts named {@code name_0}, {@code name_1} and so on, or {@code name} if there is one.
   *
   * @param ends of the parts, in lines, ascending; the last one is that of all lines
   */
  List<Part> cut(String name, List<Integer> ends) {
    List<List<String>> texts = new ArrayList<>();
    List<Set<String>> takes = new ArrayList<>();
    List<Set<String>> assigned = new ArrayList<>();
    Set<String> known = new LinkedHashSet<>();
    int from = 0;
    for (int end : ends) {
      List<String> text = new ArrayList<>();
      Set<String> mentioned = new LinkedHashSet<>();
      lines.subList(from, end).forEach(line -> write(line, text, mentioned));
      Set<String> own = new LinkedHashSet<>();
      lines.subList(from, end).forEach(line -> own.addAll(assigned(line)));
      Set<String> taken = new LinkedHashSet<>(known);
      taken.retainAll(mentioned);
      texts.add(text);
      takes.add(taken);
      assigned.add(own);
      known.addAll(own);
      from = end;
    }
    List<Part> parts = new ArrayList<>();
    for (int i = 0; i < ends.size(); i++) {
      Set<String> gives = assigned.get(i);
      Set<String> later = new LinkedHashSet<>();
      takes.subList(i + 1, takes.size()).forEach(later::addAll);
      gives.retainAll(later);
      List<String> returned = new ArrayList<>(i == 0 ? results : List.of());
      returned.addAll(gives);
      String own = ends.size() == 1 ? name : name + "_" + i;
      parts.add(part(own, texts.get(i), List.copyOf(takes.get(i)), returned, List.copyOf(gives)));
    }
    return parts;
  }

  /** The line, behind what it mentions. */
  private void write(String line, List<String> text, Set<String> mentioned) {
    for (String word : words(line)) {
      String definition = definitions.get(word);
      if (mentioned.add(word) && definition != null) {
        write(definition, text, mentioned);
      }
    }
    text.add(line);
  }

  private Part part(
      String name,
      List<String> text,
      List<String> takes,
      List<String> returned,
      List<String> gives) {
    Set<String> mentioned = new LinkedHashSet<>();
    text.forEach(line -> mentioned.addAll(words(line)));
    List<Input> inputs = new ArrayList<>();
    for (Input input : Input.values()) {
      if (mentioned.contains(input.variable())) {
        inputs.add(input);
      }
    }
    var source = new StringBuilder("  def " + name + "(self: __torch__.Transformer, w: Tensor")
        .append(training ? ", g: Tensor" : "")
        .append(", n: Tensor")
        .append(takes.isEmpty() ? "" : ", live: List[Tensor]");
    inputs.forEach(input -> source.append(", ").append(input.variable()).append(": Tensor"));
    source.append(") -> List[Tensor]:\n");
    for (int i = 0; i < takes.size(); i++) {
      source.append("    %s = live[%d]\n".formatted(takes.get(i), i));
    }
    text.forEach(line -> source.append("    ").append(line).append('\n'));
    source.append("    return annotate(List[Tensor], [" + String.join(", ", returned) + "])\n");
    return new Part(name, source.toString(), inputs, takes, gives);
  }
}
