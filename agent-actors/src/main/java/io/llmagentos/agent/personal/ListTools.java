package io.llmagentos.agent.personal;

import io.llmagentos.agent.personal.ListEvent.ItemAdded;
import io.llmagentos.agent.personal.ListEvent.ItemRemoved;
import io.llmagentos.agent.personal.ListEvent.ListCreated;
import io.llmagentos.agent.personal.ListEvent.ListRemoved;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Makes, fills, tells and removes lists. What goes on a list is no slot of its own: it is read from the request, between the verb and the list. */
final class ListTools {
  private static final Pattern ADDED = Pattern.compile(
      "\\b(?:add|put|include|write|insert)\\s+(.+?)\\s+(?:to|on|onto|in|into)\\s+(?:(?:the|my|our|a|this|today|that)\\b.*|(?:[a-z'-]+ ){0,3}list\\b.*)");
  private static final Pattern ADDED_LOOSELY = Pattern.compile(
      "\\b(?:need|want|like|get)\\s+(.+?)\\s+(?:to be )?(?:added|put)\\b.*|\\b(?:make sure|be sure)\\s+(.+?)\\s+(?:is|are)\\s+(?:on|in)\\b.*|\\b(?:add|put|include|insert)\\s+(.+)$|\\bwith (.+)$");
  private static final Pattern REMOVED = Pattern.compile(
      "\\b(?:remove|delete|erase|take|drop|scratch|cross|kill|move|get rid of)\\s+(?:off\\s+)?(.+?)\\s+(?:from|off|off of|out of|to trash)\\s+.*|\\bi (?:don't|do not) (?:want|need) (.+?)(?: on .*| anymore.*)?$");
  private static final Pattern LIST = Pattern.compile(
      "\\b(?:my|the|a|an|new|this|titled|called)\\s+((?:[a-z'-]+\\s+){1,3}?)(?:check)?list\\b");
  private static final Pattern VAGUE = Pattern.compile(
      "(?:it|that|this|an? ?(?:new )?item|items?|the item|something|that one|this one|that item|this item|new item|out item|one|the)");
  private static final Pattern WHOLE =
      Pattern.compile("(?:.* )?(?:list|lists|checklist)(?: please| now)?$");

  private ListTools() {}

  static List<PersonalTool> tools() {
    return List.of(
        FunctionTool.of(
            "lists_createoradd",
            "Makes a list or adds items to one.",
            ListTools::createOrAdd,
            "list_name",
            "item"),
        FunctionTool.of(
                "lists_query",
                "Tells which lists there are or what is on one.",
                ListTools::query,
                "list_name",
                "item")
            .telling(),
        FunctionTool.of(
            "lists_remove",
            "Removes items from a list, empties a list or removes it.",
            ListTools::remove,
            "list_name",
            "item"));
  }

  private static ToolOutcome createOrAdd(ToolArguments arguments, ToolContext context) {
    String request = request(context);
    List<String> items =
        arguments.text("item").map(ListTools::split).orElseGet(() -> added(request));
    Optional<String> list = name(arguments, request, context);
    boolean create = items.isEmpty()
        && request.matches(".*\\b(?:make|create|start|new|begin|fresh|open)\\b.*")
        && !request.matches(".*\\bitem\\b.*");
    if (create) {
      return list.map(name -> created(name, context))
          .orElseGet(() -> ToolOutcome.answer("What should I call the new list?"));
    }
    Optional<String> target = list.or(() -> only(context));
    if (items.isEmpty()) {
      return ToolOutcome.answer(
          "What should I add" + target.map(name -> " to your " + name + " list").orElse("") + "?");
    } else if (target.isEmpty()) {
      return ToolOutcome.answer("To which list should I add " + Say.join(items, "and") + "?");
    }
    String name = target.get();
    List<PersonalEvent> events = new ArrayList<>();
    Optional<NamedList> known = context.state().list(name);
    if (known.isEmpty()) {
      events.add(new ListCreated(name));
    }
    List<String> there = known.map(NamedList::items).orElse(List.of());
    items.stream()
        .filter(item -> !there.contains(item))
        .forEach(item -> events.add(new ItemAdded(name, item)));
    return events.isEmpty()
        ? ToolOutcome.answer(Say.capital(Say.join(items, "and"))
            + (items.size() == 1 ? " is" : " are") + " already on your " + name + " list.")
        : new ToolOutcome(
            events, "Added " + Say.join(items, "and") + " to your " + name + " list.");
  }

  private static ToolOutcome created(String name, ToolContext context) {
    return context.state().list(name).isPresent()
        ? ToolOutcome.answer("You already have a " + name + " list.")
        : new ToolOutcome(List.of(new ListCreated(name)), "Made a new list: " + name + ".");
  }

  private static ToolOutcome query(ToolArguments arguments, ToolContext context) {
    String request = request(context);
    List<NamedList> lists = context.state().lists();
    if (lists.isEmpty()) {
      return ToolOutcome.answer("You have no lists.");
    }
    Optional<String> asked = name(arguments, request, context);
    Optional<NamedList> list = asked.isPresent()
        ? context.state().list(asked.get())
        : request.matches(".*\\blists\\b.*")
            ? Optional.empty()
            : only(context).flatMap(context.state()::list);
    if (list.isEmpty()) {
      String names = "You have " + Say.count(lists.size(), "list") + ": "
          + Say.join(lists.stream().map(NamedList::name).toList(), "and") + ".";
      return ToolOutcome.answer(
          asked.map(name -> "You have no " + name + " list. ").orElse("") + names);
    }
    NamedList it = list.get();
    return ToolOutcome.answer(
        it.items().isEmpty()
            ? "Your " + it.name() + " list is empty."
            : "On your " + it.name() + " list: " + Say.join(it.items(), "and") + ".");
  }

  private static ToolOutcome remove(ToolArguments arguments, ToolContext context) {
    String request = request(context);
    if (context.state().lists().isEmpty()) {
      return ToolOutcome.answer("You have no lists.");
    }
    Optional<String> asked = name(arguments, request, context);
    Optional<NamedList> list = asked.or(() -> only(context)).flatMap(context.state()::list);
    if (list.isEmpty()) {
      return ToolOutcome.answer(
          asked.map(name -> "You have no " + name + " list.").orElse("Which list do you mean?"));
    }
    NamedList it = list.get();
    List<String> items =
        arguments.text("item").map(ListTools::split).orElseGet(() -> removed(request));
    int position = Which.of(request).position();
    if (items.isEmpty()
        && position != 0
        && request.matches(".*\\b(?:row|item|entry|one|thing)\\b.*")
        && !it.items().isEmpty()) {
      List<String> chosen = new Which(false, position).choose(it.items());
      return chosen.isEmpty()
          ? ToolOutcome.answer("Your " + it.name() + " list has no such item.")
          : without(it, chosen);
    } else if (!items.isEmpty()) {
      List<String> found = it.items().stream()
          .filter(kept -> items.stream().anyMatch(item -> Words.alike(kept, item)))
          .toList();
      return found.isEmpty()
          ? ToolOutcome.answer(
              "There is no " + Say.join(items, "or") + " on your " + it.name() + " list.")
          : without(it, found);
    } else if (request.matches(".*\\b(?:clear|empty)\\b.*")) {
      return it.items().isEmpty()
          ? ToolOutcome.answer("Your " + it.name() + " list is already empty.")
          : without(it, it.items());
    } else if (WHOLE.matcher(request).matches()
        || (asked.isPresent() && !request.contains(" from "))) {
      return new ToolOutcome(
          List.of(new ListRemoved(it.name())), "Removed your " + it.name() + " list.");
    }
    return ToolOutcome.answer("What should I remove from your " + it.name() + " list?");
  }

  private static ToolOutcome without(NamedList list, List<String> items) {
    return new ToolOutcome(
        items.stream()
            .<PersonalEvent>map(item -> new ItemRemoved(list.name(), item))
            .toList(),
        "Removed " + Say.join(items, "and") + " from your " + list.name() + " list.");
  }

  // ---- reading the request
  // -----------------------------------------------------------------------------------------------------------------

  private static String request(ToolContext context) {
    String request = context.request().toLowerCase(Locale.ENGLISH).strip();
    return request.length() > 500 ? "" : request.replaceAll("[.!?]+$", "");
  }

  private static List<String> added(String request) {
    Matcher whole = ADDED.matcher(request);
    return group(whole.find() ? whole.reset() : ADDED_LOOSELY.matcher(request));
  }

  private static List<String> removed(String request) {
    return group(REMOVED.matcher(request));
  }

  private static List<String> group(Matcher m) {
    while (m.find()) {
      for (int i = 1; i <= m.groupCount(); i++) {
        String found = m.group(i);
        if (found != null) {
          return VAGUE.matcher(found.strip()).matches()
                  || found.matches("(?:.* )?(?:list|lists|row|item|items)")
                  || found.startsWith("list of ")
              ? List.of()
              : split(found);
        }
      }
    }
    return List.of();
  }

  private static List<String> split(String items) {
    return Arrays.stream(items.split("\\s*,\\s*(?:and\\s+)?|\\s+and\\s+"))
        .map(item -> item.replaceFirst("^(?:some|the|a|an|remove)\\s+", "").strip())
        .filter(item -> !item.isEmpty() && item.length() <= 200)
        .distinct()
        .toList();
  }

  /** The list that is named; "to do list", "todo" and "my to do list" are one name. */
  private static Optional<String> name(
      ToolArguments arguments, String request, ToolContext context) {
    return arguments
        .text("list_name")
        .filter(name -> name.length() <= 100)
        .or(() -> {
          Matcher m = LIST.matcher(request);
          return m.find() ? Optional.of(m.group(1)) : Optional.empty();
        })
        .map(name -> name.toLowerCase(Locale.ENGLISH)
            .replaceAll("\\b(?:my|the|a|an|new|this|today's|check ?list|list of|list)\\b", " ")
            .replaceAll("\\btodo\\b", "to do")
            .replaceAll("\\s+", " ")
            .strip())
        .filter(name -> !name.isEmpty())
        .map(name -> context.state().lists().stream()
            .map(NamedList::name)
            .filter(kept -> singular(kept).equals(singular(name)))
            .findFirst()
            .orElse(name));
  }

  /** "groceries" and "grocery" name the same list. */
  private static String singular(String name) {
    return name.replaceAll("ies\\b", "y").replaceAll("(?<=[a-z]{3})s\\b", "");
  }

  private static Optional<String> only(ToolContext context) {
    List<NamedList> lists = context.state().lists();
    return lists.size() == 1 ? Optional.of(lists.getFirst().name()) : Optional.empty();
  }
}
