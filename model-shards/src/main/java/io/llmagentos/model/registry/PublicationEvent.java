package io.llmagentos.model.registry;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import io.llmagentos.node.journal.JournalEvent;
import java.time.Instant;

/** What a published model's journal holds. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
  @JsonSubTypes.Type(value = PublicationEvent.ModelPublished.class, name = "model_published"),
  @JsonSubTypes.Type(value = PublicationEvent.ModelWithdrawn.class, name = "model_withdrawn")
})
public sealed interface PublicationEvent extends JournalEvent {
  /**
   * @param archive hash of the model's directory, a {@link ModelArchive}
   * @param source where it comes from, for people
   */
  record ModelPublished(String archive, String source, String principal, Instant at)
      implements PublicationEvent {}

  record ModelWithdrawn(String principal, Instant at) implements PublicationEvent {}
}
