package io.llmagentos.examples;

import io.llmagentos.agent.AgentOs;
import io.llmagentos.agent.AgentOs.Dialogue;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.Behaviors;

/** An actor as a user of an agent: a button on the fridge that puts something on the shopping list. */
public final class ShoppingButton {
  public sealed interface Command {}

  /** Pressed; the press's id makes pressing again after a doubtful answer harmless. */
  public record Pressed(String press, String item, ActorRef<String> display) implements Command {}

  private ShoppingButton() {}

  public static Behavior<Command> create(AgentOs os, String household) {
    return Behaviors.setup(context -> {
      Dialogue dialogue = os.session("assistant", household, "fridge");
      return Behaviors.receive(Command.class)
          .onMessage(Pressed.class, pressed -> {
            dialogue
                .say(pressed.press(), "add " + pressed.item() + " to my shopping list")
                .thenAccept(turn -> pressed.display().tell(turn.answer()));
            return Behaviors.same();
          })
          .build();
    });
  }
}
