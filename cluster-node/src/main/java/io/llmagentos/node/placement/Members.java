package io.llmagentos.node.placement;

import java.util.Comparator;
import java.util.List;
import org.apache.pekko.actor.typed.ActorRef;

/** Told to the leader of an epoch whenever its members change: all that run, the leader among them, by group and index. */
public record Members(long epoch, List<Member> members) implements MemberCommand {
  /**
   * @param node its address
   */
  public record Member(MemberId id, ActorRef<MemberCommand> ref, String node) {}

  public Members {
    members = List.copyOf(members);
  }

  public List<Member> of(String group) {
    return members.stream()
        .filter(member -> member.id().group().equals(group))
        .sorted(Comparator.comparingInt(member -> member.id().index()))
        .toList();
  }
}
