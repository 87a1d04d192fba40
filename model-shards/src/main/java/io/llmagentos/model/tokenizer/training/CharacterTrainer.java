package io.llmagentos.model.tokenizer.training;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.TreeSet;

/**
 * A token per character that was seen, in the order of their code points, as nanoGPT prepares its Shakespeare; no special tokens. A character that was not seen has no
 * token: it is left out.
 */
public final class CharacterTrainer implements TokenizerTrainer {
  private final TreeSet<Integer> characters = new TreeSet<>();

  @Override
  public void add(String text) {
    text.codePoints().forEach(characters::add);
  }

  @Override
  public TrainedTokenizer train() {
    SequencedMap<String, Integer> ids = new LinkedHashMap<>();
    characters.forEach(character -> ids.put(Character.toString(character), ids.size()));
    ObjectNode root = TrainedTokenizer.head(List.of(), ids);
    root.putNull("normalizer");
    root.putNull("pre_tokenizer");
    root.putNull("post_processor");
    root.putObject("decoder").put("type", "Fuse");
    // Byte pairs that are never merged are the characters themselves.
    ObjectNode unused = TrainedTokenizer.putBpe(root, ids);
    return new TrainedTokenizer(root, new LinkedHashMap<>());
  }
}
