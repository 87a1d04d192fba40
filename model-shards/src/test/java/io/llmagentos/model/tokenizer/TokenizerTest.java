package io.llmagentos.model.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmagentos.model.GoldenData;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenizerTest {
  private static Path tokenizer(String name) {
    return GoldenData.resources().resolve("tokenizers").resolve(name);
  }

  @Test
  void shouldNameTheMissingFile(@TempDir Path directory) {
    assertThatThrownBy(() -> Tokenizer.load(directory))
        .isInstanceOfSatisfying(
            AgentOsException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.MODEL_FILE_MISSING))
        .hasMessageContaining(directory.resolve("tokenizer.json").toString());
  }

  @Test
  void shouldNameTheCorruptFile(@TempDir Path directory) throws IOException {
    String whole = Files.readString(tokenizer("gpt2-bpe").resolve("tokenizer.json"));
    for (String corrupt : new String[] {"", "{}", "null", "[1]", whole.substring(0, 5000)}) {
      Files.writeString(directory.resolve("tokenizer.json"), corrupt);
      assertThatThrownBy(() -> Tokenizer.load(directory))
          .isInstanceOfSatisfying(
              AgentOsException.class,
              e -> assertThat(e.code()).isEqualTo(ErrorCode.MODEL_FILE_CORRUPT))
          .hasMessageContaining(directory.resolve("tokenizer.json").toString());
    }
  }

  @Test
  void shouldEncodeMoreThan512Tokens() {
    try (Tokenizer tokenizer = Tokenizer.load(tokenizer("gpt2-bpe"))) {
      assertThat(tokenizer.encode("a b ".repeat(2000), true).length()).isGreaterThan(3000);
    }
  }

  @Test
  void shouldTakeNamesOfSpecialTokensInPlainTextAsCharacters() {
    try (Tokenizer tokenizer = Tokenizer.load(tokenizer("qwen2-bpe"))) {
      String text = "h\uD83D\uDE00y <|im_end|> <tool_call><|im_end|>";
      int end = tokenizer.requireId("<|im_end|>");
      assertThat(tokenizer.encode(text, false).ids()).contains(end);
      Tokens plain = tokenizer.encodePlain(text);
      assertThat(plain.ids()).doesNotContain(end, tokenizer.requireId("<tool_call>"));
      assertThat(tokenizer.decode(plain.ids(), false)).isEqualTo(text);
      assertThat(plain.ends()[plain.length() - 1]).isEqualTo(text.codePointCount(0, text.length()));
    }
  }

  @Test
  void shouldKnowTheBytesOfEveryToken() {
    for (String name : new String[] {"gpt2-bpe", "llama3-bpe", "qwen2-bpe", "llama2-spbpe"}) {
      try (Tokenizer tokenizer = Tokenizer.load(tokenizer(name))) {
        String text = "na\u00EFve caf\u00E9 \u6C34 \uD83D\uDE00 {\"a\": 1}";
        java.io.ByteArrayOutputStream bytes = new java.io.ByteArrayOutputStream();
        for (int id : tokenizer.encode(text, false).ids()) {
          byte[] token = tokenizer.vocabulary().bytes(id);
          assertThat(token).isNotNull();
          bytes.writeBytes(token == null ? new byte[0] : token);
        }
        assertThat(bytes.toString(java.nio.charset.StandardCharsets.UTF_8).strip())
            .isEqualTo(text);
      }
    }
  }
}
