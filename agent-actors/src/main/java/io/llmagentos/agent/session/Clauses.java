package io.llmagentos.agent.session;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Splits a message of several requests, for a model that turns one request into one call. What stands after "and", "then" or a comma is a request of its own only
 * where it begins like one; what belongs to what was said before ("remind me to ... and ...", "find it and play it") stays with it. When in doubt a message is whole.
 */
final class Clauses {
  /** A longer message is no list of requests. */
  private static final int LONGEST = 500;

  private static final int MOST = 8;

  private static final Pattern BOUNDARY =
      Pattern.compile("(?<sentence>[.!?;]+\\s+(?:(?:and|then|also)\\s+)*)"
          + "|(?<sequence>\\s*,\\s*(?:and\\s+)?(?:then|after that)\\s+|\\s+and\\s+(?:then|after that)\\s+)"
          + "|\\s*,\\s*(?:(?:and|also)\\s+)*|\\s+(?:and|then)\\s+(?:also\\s+)?");

  /** What may stand before the verb of a request. */
  private static final String POLITE =
      "(?:(?:please|kindly|just|hey|hi|ok|okay|now|also|olly|(?:can|could|will|would) you|i (?:want|need|would like)(?: you)? to|i'd like(?: you)? to),?\\s+)*";

  private static final String VERBS =
      "activate|add|adjust|ask|begin|book|boil|brew|brighten|bring|buy|calculate|call|cancel|change|charge|check|clarify|clean|clear|close|compose|confirm|continue"
          + "|convert|cook|create|deactivate|decrease|define|delete|deliver|describe|dim|disable|display|download|elaborate|enable|erase|explain|find|get|give|go|help"
          + "|hoover|increase|indicate|inform|initiate|keep|let|lets|let's|locate|look|lower|make|move|mute|notify|open|order|pause|pay|play|post|prepare|provide"
          + "|pull|put|raise|read|recommend|reduce|refund|remind|remove|reopen|repeat|rephrase|replace|replay|reply|reserve|reset|resume|retry|rewind|run|save|say|scan"
          + "|schedule|search|send|set|share|ship|show|shuffle|shut|skip|speak|start|stop|switch|take|tell|track|transfer|translate|tune|turn|tweet|unmute|update|vacuum|wake|write";

  /** Nouns as often as verbs. */
  private static final String NOUNS =
      "(?:answer|email|fix|list|message|name|place|rate|request|text) (?:a|all|an|me|my|out|some|that|the|this|to)|power (?:off|on|down|up)";

  private static final String QUESTIONS =
      "what|what's|whats|how|how's|when|when's|where|where's|who|who's|which|why|is|are|do|does|did|has|have|should|(?:am|can|could|may|was|were|will|would) (?:i|my|the|there|we)";

  private static final Pattern REQUEST = Pattern.compile(
      POLITE + "(?:" + VERBS + "|" + NOUNS + "|" + QUESTIONS + ")\\b.*", Pattern.DOTALL);

  /** Points back to what was said before, so it is no request of its own. */
  private static final Pattern POINTS_BACK =
      Pattern.compile(".*\\b(?:it|its|them|him|he|she|they|those|there)\\b.*");

  private static final Pattern POINTS_NOWHERE = Pattern.compile(
      ".*\\b(?:time|day|date|month|year) is it\\b.*|.*\\b(?:is|will|does|did) it\\s+(?:be|going|rain|snow|cold|hot|warm)\\w*\\b.*|.*\\b(?:is|are) there\\b.*");

  /** Has what follows for its content: another's words, or what to be reminded of. */
  private static final Pattern HOLDS_MORE = Pattern.compile(
      POLITE
          + "(?:(?:tweet|post|email|text|send|message|reply|write|say|compose|answer)\\b.*|.*\\b(?:remind|tell|ask|inform|notify|reminder|alert)\\b.* (?:to|that)\\b.*|i (?:want|need)\\b.*)");

  /** Only leads to what follows, as in "open ... and check", or is open for more of its kind, as in "add milk and ...". */
  private static final Pattern LEADS = Pattern.compile(
      POLITE
          + "(?:go|open|reopen|check|select|activate|search|find|remember|(?:turn|switch) on the radio|(?:add|put)\\b(?!.*\\b(?:list|calendar|schedule)$))\\b.*");

  /** "u. s." and "dr." do not end a sentence. */
  private static final Pattern ABBREVIATED = Pattern.compile(
      "(?:.*[\\s.])?(?:\\p{L}|dr|mr|mrs|ms|prof|st|mt|ave|vs|jr|sr|no|inc|ltd|co|etc)");

  private Clauses() {}

  /** The requests of a message, in order; the message itself if it is one. */
  static List<String> of(String message) {
    String text = message.strip();
    if (text.length() > LONGEST) {
      return List.of(text);
    }
    List<String> clauses = new ArrayList<>();
    Matcher boundary = BOUNDARY.matcher(text);
    int from = 0;
    while (boundary.find()) {
      String left = text.substring(from, boundary.start());
      String right = text.substring(boundary.end());
      if (splits(left, right, boundary)) {
        clauses.add(left.strip());
        from = boundary.end();
      }
    }
    clauses.add(text.substring(from).strip());
    return clauses.size() > MOST ? List.of(text) : List.copyOf(clauses);
  }

  /** Whether words begin as a request does: with a verb or a question word. */
  static boolean isRequest(String words) {
    return REQUEST.matcher(words.strip().toLowerCase(Locale.ENGLISH)).matches();
  }

  private static boolean splits(String before, String after, Matcher boundary) {
    String left = before.strip().toLowerCase(Locale.ENGLISH);
    String right = after.strip().toLowerCase(Locale.ENGLISH);
    String next = BOUNDARY.split(right, 2)[0];
    boolean pointsBack =
        POINTS_BACK.matcher(next).matches() && !POINTS_NOWHERE.matcher(next).matches();
    if (words(left) < 2 || words(next) < 2 || pointsBack) {
      return false;
    }
    if (boundary.group("sentence") != null) {
      return !ABBREVIATED.matcher(left).matches();
    }
    return isRequest(right)
        && !HOLDS_MORE.matcher(left).matches()
        && (boundary.group("sequence") != null
            || (isRequest(left) && !LEADS.matcher(left).matches()));
  }

  private static int words(String text) {
    return text.replaceFirst("^" + POLITE, "").split("\\s+").length;
  }
}
