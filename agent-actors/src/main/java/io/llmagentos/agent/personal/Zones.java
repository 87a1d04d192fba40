package io.llmagentos.agent.personal;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The time zones of cities, countries and regions: the IANA names and the table {@code zones.tsv}. */
final class Zones {
  private static final Pattern OFFSET =
      Pattern.compile("(?:utc|gmt) ?(plus|minus|\\+|-)? ?(\\d{1,2})(?:[: ]?([0-5]\\d))?");
  private static final Pattern WORD = Pattern.compile("[\\p{L}&'.-]+");
  private static final Pattern BEFORE =
      Pattern.compile("\\b(?:in|to|into|from|between|and|at|than|versus|for) (?:the )?$");
  private static final Pattern BEHIND = Pattern.compile(" (?:standard |local )?time\\b");
  private static final int LONGEST_NAME = 4;
  private static final Map<String, List<String>> BY_NAME = load();

  private Zones() {}

  private static Map<String, List<String>> load() {
    Map<String, List<String>> zones = new HashMap<>();
    for (String id : ZoneId.getAvailableZoneIds()) {
      if (id.matches(
          "(?:Africa|America|Antarctica|Asia|Atlantic|Australia|Europe|Indian|Pacific)/.*")) {
        zones.put(
            id.substring(id.lastIndexOf('/') + 1).replace('_', ' ').toLowerCase(Locale.ENGLISH),
            List.of(id));
      }
    }
    try (InputStream in =
        Objects.requireNonNull(Zones.class.getResourceAsStream("zones.tsv"), "zones.tsv")) {
      new String(in.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .filter(line -> !line.startsWith("#"))
          .forEach(line -> {
            String[] columns = line.split("\t", 2);
            zones.put(columns[0], List.of(columns[1].split(",")));
          });
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return Map.copyOf(zones);
  }

  /** A place that a request names, and where. */
  record Mention(int start, String place) {}

  /** The known places that a request names as such: behind a preposition ("in ivory coast", "cst to est") or before "time" ("new york time"). */
  static List<Mention> named(String request) {
    List<Mention> mentions = new ArrayList<>();
    Matcher word = WORD.matcher(request);
    List<MatchResult> words = word.results().toList();
    for (int i = 0; i < words.size(); i++) {
      for (int length = Math.min(LONGEST_NAME, words.size() - i); length > 0; length--) {
        int start = words.get(i).start();
        int end = words.get(i + length - 1).end();
        String place = request.substring(start, end);
        if (BY_NAME.containsKey(place)
            && (BEFORE.matcher(request.substring(0, start)).find()
                || BEHIND.matcher(request.substring(end)).lookingAt())) {
          mentions.add(new Mention(start, place));
          i += length - 1;
          break;
        }
      }
    }
    return mentions;
  }

  /** The zones of a place: none when it is unknown, several when the place spans them. */
  static List<String> of(String place) {
    String name = place.length() > 100
        ? ""
        : NumberWords.toDigits(place
            .toLowerCase(Locale.ENGLISH)
            .replaceAll("\\b([a-z])\\. ?(?=[a-z]\\b)", "$1")
            .replaceAll("'s\\b", "")
            .replaceAll("[^\\p{L}0-9:+' -]", " ")
            .replaceAll("\\b(?:the|time|zone|standard|city of|now|right|currently|current)\\b", " ")
            .replaceAll("\\s+", " ")
            .strip());
    List<String> whole = BY_NAME.get(name);
    if (whole != null) {
      return whole;
    }
    Matcher offset = OFFSET.matcher(name);
    if (offset.matches()) {
      return offset(offset).map(List::of).orElse(List.of());
    }
    String[] words = name.split(" ");
    for (int end = words.length - 1;
        end > 0;
        end--) { // "dallas texas", "lagos nigeria": the city comes first
      List<String> city = BY_NAME.get(String.join(" ", List.of(words).subList(0, end)));
      if (city != null) {
        return city;
      }
    }
    return List.of();
  }

  private static Optional<String> offset(Matcher m) {
    try {
      String sign = "minus".equals(m.group(1)) || "-".equals(m.group(1)) ? "-" : "+";
      String minutes = m.group(3) == null ? "00" : m.group(3);
      return Optional.of(ZoneId.of(
              "UTC" + sign + (m.group(2).length() == 1 ? "0" : "") + m.group(2) + ":" + minutes)
          .getId());
    } catch (DateTimeException e) {
      return Optional.empty(); // no such offset
    }
  }
}
