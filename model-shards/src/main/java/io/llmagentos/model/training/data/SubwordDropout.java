package io.llmagentos.model.training.data;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.llmagentos.model.tokenizer.Tokenizer;
import io.llmagentos.model.tokenizer.Vocabulary;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/** BPE-dropout (Provilkov et al. 2020, https://arxiv.org/abs/1910.13267): merges of a word are left out at random, so that a model sees it in other pieces each time. */
final class SubwordDropout {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Vocabulary vocabulary;
  private final double probability;
  private final Map<String, Integer> ranks = new HashMap<>();

  /** @param model whose {@code tokenizer.json} is of type BPE; of others nothing is left out */
  SubwordDropout(Path model, Vocabulary vocabulary, double probability) throws IOException {
    this.vocabulary = vocabulary;
    this.probability = probability;
    for (JsonNode merge :
        JSON.readTree(model.resolve(Tokenizer.FILE).toFile()).path("model").path("merges")) {
      String pair =
          merge.isArray() ? merge.get(0).asText() + " " + merge.get(1).asText() : merge.asText();
      ranks.putIfAbsent(pair, ranks.size());
    }
  }

  /** The pieces of one word, cut anew. */
  int[] apply(int[] word, SplittableRandom random) {
    StringBuilder text = new StringBuilder();
    IntStream.of(word).forEach(id -> text.append(vocabulary.name(id)));
    List<String> pieces =
        new ArrayList<>(text.codePoints().mapToObj(Character::toString).toList());
    while (pieces.size() > 1) {
      int best = -1;
      int bestRank = Integer.MAX_VALUE;
      for (int i = 0; i + 1 < pieces.size(); i++) {
        int rank = ranks.getOrDefault(pieces.get(i) + " " + pieces.get(i + 1), Integer.MAX_VALUE);
        if (rank < bestRank && random.nextDouble() >= probability) {
          best = i;
          bestRank = rank;
        }
      }
      if (best < 0) {
        break;
      }
      pieces.set(best, pieces.get(best) + pieces.remove(best + 1));
    }
    int[] ids = pieces.stream().mapToInt(vocabulary::id).toArray();
    return IntStream.of(ids).anyMatch(id -> id < 0) ? word : ids;
  }
}
