package io.llmagentos.agent.session;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.apache.pekko.actor.typed.ActorRef;

/** Who hears what of a session: watchers everything, the others one turn. Of one actor. */
final class Listeners {
  private final Set<ActorRef<Session.Reply>> watchers = new HashSet<>();
  private final Map<String, Set<ActorRef<Session.Reply>>> byTurn = new HashMap<>();

  /** Returns whether the watcher is new. */
  boolean watch(ActorRef<Session.Reply> watcher) {
    return watchers.add(watcher);
  }

  void gone(ActorRef<Session.Reply> watcher) {
    watchers.remove(watcher);
  }

  /** Returns whether the listener is new. */
  boolean listen(String turn, ActorRef<Session.Reply> replyTo) {
    return byTurn.computeIfAbsent(turn, id -> new HashSet<>()).add(replyTo);
  }

  /** Tell everybody whom the turn concerns, each once. */
  void tell(String turn, Session.Reply reply) {
    watchers.forEach(ref -> ref.tell(reply));
    byTurn.getOrDefault(turn, Set.of()).stream()
        .filter(ref -> !watchers.contains(ref))
        .forEach(ref -> ref.tell(reply));
  }

  /** Tell them the last that those who asked for the turn hear. */
  void tellLast(String turn, Session.Reply reply) {
    tell(turn, reply);
    byTurn.remove(turn);
  }
}
