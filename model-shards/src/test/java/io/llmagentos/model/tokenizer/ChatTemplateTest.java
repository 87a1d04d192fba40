package io.llmagentos.model.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmagentos.model.chat.ChatMessage;
import io.llmagentos.model.chat.ToolCall;
import io.llmagentos.model.chat.ToolSpecification;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The constructs that published templates are made of; the expected texts are Jinja's with {@code trim_blocks} and {@code lstrip_blocks}. */
class ChatTemplateTest {
  private static final Map<String, Object> TOKENS =
      Map.of("bos_token", "<|begin_of_text|>", "eos_token", "<|eot_id|>");
  private static final List<ToolSpecification> TOOLS = List.of(
      new ToolSpecification(
          "get_weather",
          "Weather of a city",
          "{\"type\":\"object\",\"properties\":{\"city\":{\"type\":\"string\"}},\"required\":[\"city\"]}"));

  private static String render(
      String template, List<ToolSpecification> tools, ChatMessage... messages) {
    return new ChatTemplate(template, TOKENS).render(List.of(messages), tools);
  }

  @Test
  void shouldRenderInTheMannerOfLlama3() {
    String template =
        "{% set loop_messages = messages %}{% for message in loop_messages %}{% set content = '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n'+ message['content'] | trim + '<|eot_id|>' %}{% if loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}{{ content }}{% endfor %}{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}";
    assertThat(
            render(template, List.of(), ChatMessage.system("Be kind."), ChatMessage.user(" Hi \n")))
        .isEqualTo(
            "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nBe kind.<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n");
  }

  @Test
  void shouldRenderInTheMannerOfQwen2WithTools() {
    String template = """
        {%- if tools %}
            {{- '<|im_start|>system\\n' }}
            {%- if messages[0]['role'] == 'system' %}
                {{- messages[0]['content'] }}
            {%- else %}
                {{- 'You are helpful.' }}
            {%- endif %}
            {{- "\\n\\n# Tools\\n<tools>" }}
            {%- for tool in tools %}
                {{- "\\n" }}
                {{- tool | tojson }}
            {%- endfor %}
            {{- "\\n</tools>{\\"name\\": <function-name>}<|im_end|>\\n" }}
        {%- else %}
            {%- if messages[0]['role'] == 'system' %}
                {{- '<|im_start|>system\\n' + messages[0]['content'] + '<|im_end|>\\n' }}
            {%- else %}
                {{- '<|im_start|>system\\nYou are helpful.<|im_end|>\\n' }}
            {%- endif %}
        {%- endif %}
        {%- for message in messages %}
            {%- if (message.role == "user") or (message.role == "system" and not loop.first) or (message.role == "assistant" and not message.tool_calls) %}
                {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}
            {%- elif message.role == "assistant" %}
                {{- '<|im_start|>' + message.role }}
                {%- if message.content %}
                    {{- '\\n' + message.content }}
                {%- endif %}
                {%- for tool_call in message.tool_calls %}
                    {%- if tool_call.function is defined %}
                        {%- set tool_call = tool_call.function %}
                    {%- endif %}
                    {{- '\\n<tool_call>\\n{"name": "' }}
                    {{- tool_call.name }}
                    {{- '", "arguments": ' }}
                    {{- tool_call.arguments | tojson }}
                    {{- '}\\n</tool_call>' }}
                {%- endfor %}
                {{- '<|im_end|>\\n' }}
            {%- elif message.role == "tool" %}
                {%- if (loop.index0 == 0) or (messages[loop.index0 - 1].role != "tool") %}
                    {{- '<|im_start|>user' }}
                {%- endif %}
                {{- '\\n<tool_response>\\n' }}
                {{- message.content }}
                {{- '\\n</tool_response>' }}
                {%- if loop.last or (messages[loop.index0 + 1].role != "tool") %}
                    {{- '<|im_end|>\\n' }}
                {%- endif %}
            {%- endif %}
        {%- endfor %}
        {%- if add_generation_prompt %}
            {{- '<|im_start|>assistant\\n' }}
        {%- endif %}
        """;
    String tool =
        "{\"type\": \"function\", \"function\": {\"name\": \"get_weather\", \"description\": \"Weather of a city\", \"parameters\": {\"type\": \"object\", \"properties\": {\"city\": {\"type\": \"string\"}}, \"required\": [\"city\"]}}}";
    assertThat(render(
            template,
            TOOLS,
            ChatMessage.user("Rain in Oslo?"),
            new ChatMessage(
                "assistant",
                "",
                List.of(new ToolCall("call_1", "get_weather", "{\"city\":\"Oslo\"}")),
                ""),
            new ChatMessage("tool", "sunny", List.of(), "call_1")))
        .isEqualTo(
            "<|im_start|>system\nYou are helpful.\n\n# Tools\n<tools>\n" + tool
                + "\n</tools>{\"name\": <function-name>}<|im_end|>\n<|im_start|>user\nRain in Oslo?<|im_end|>\n<|im_start|>assistant\n<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Oslo\"}}\n</tool_call><|im_end|>\n<|im_start|>user\n<tool_response>\nsunny\n</tool_response><|im_end|>\n<|im_start|>assistant\n");
    assertThat(render(template, List.of(), ChatMessage.user("Hi")))
        .isEqualTo(
            "<|im_start|>system\nYou are helpful.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n");
  }

  @Test
  void shouldRenderInTheMannerOfLlama31WithTools() {
    String template = """
        {{- bos_token }}
        {%- if custom_tools is defined %}
            {%- set tools = custom_tools %}
        {%- endif %}
        {%- if not tools_in_user_message is defined %}
            {%- set tools_in_user_message = true %}
        {%- endif %}
        {%- if not date_string is defined %}
            {%- set date_string = "26 Jul 2024" %}
        {%- endif %}
        {%- if not tools is defined %}
            {%- set tools = none %}
        {%- endif %}
        {%- if messages[0]['role'] == 'system' %}
            {%- set system_message = messages[0]['content']|trim %}
            {%- set messages = messages[1:] %}
        {%- else %}
            {%- set system_message = "" %}
        {%- endif %}
        {{- "<|start_header_id|>system<|end_header_id|>\\n\\n" }}
        {%- if builtin_tools is defined or tools is not none %}
            {{- "Environment: ipython\\n" }}
        {%- endif %}
        {{- "Today Date: " + date_string + "\\n\\n" }}
        {{- system_message }}
        {{- "<|eot_id|>" }}
        {%- if tools_in_user_message and not tools is none %}
            {%- if messages | length != 0 %}
                {%- set first_user_message = messages[0]['content']|trim %}
                {%- set messages = messages[1:] %}
            {%- else %}
                {{- raise_exception("Cannot put tools in the first user message when there's no first user message!") }}
            {%- endif %}
            {{- '<|start_header_id|>user<|end_header_id|>\\n\\n' -}}
            {%- for t in tools %}
                {{- t | tojson(indent=4) }}
                {{- "\\n\\n" }}
            {%- endfor %}
            {{- first_user_message + "<|eot_id|>"}}
        {%- endif %}
        {%- for message in messages %}
            {%- if not (message.role == 'ipython' or message.role == 'tool' or 'tool_calls' in message) %}
                {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n'+ message['content'] | trim + '<|eot_id|>' }}
            {%- elif 'tool_calls' in message %}
                {%- if not message.tool_calls|length == 1 %}
                    {{- raise_exception("This model only supports single tool-calls at once!") }}
                {%- endif %}
                {%- set tool_call = message.tool_calls[0].function %}
                {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' -}}
                {{- '{"name": "' + tool_call.name + '", ' }}
                {{- '"parameters": ' }}
                {{- tool_call.arguments | tojson }}
                {{- "}" }}
                {{- "<|eot_id|>" }}
            {%- elif message.role == "tool" or message.role == "ipython" %}
                {{- "<|start_header_id|>ipython<|end_header_id|>\\n\\n" }}
                {%- if message.content is mapping or (message.content is iterable and message.content is not string) %}
                    {{- message.content | tojson }}
                {%- else %}
                    {{- message.content }}
                {%- endif %}
                {{- "<|eot_id|>" }}
            {%- endif %}
        {%- endfor %}
        {%- if add_generation_prompt %}
            {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}
        {%- endif %}
        """;
    assertThat(render(
            template,
            TOOLS,
            ChatMessage.system("Short."),
            ChatMessage.user("Rain in Oslo?"),
            new ChatMessage(
                "assistant",
                "",
                List.of(new ToolCall("c", "get_weather", "{\"city\":\"Oslo\"}")),
                ""),
            new ChatMessage("tool", "sunny", List.of(), "c")))
        .isEqualTo("""
            <|begin_of_text|><|start_header_id|>system<|end_header_id|>

            Environment: ipython
            Today Date: 26 Jul 2024

            Short.<|eot_id|><|start_header_id|>user<|end_header_id|>

            {
                "type": "function",
                "function": {
                    "name": "get_weather",
                    "description": "Weather of a city",
                    "parameters": {
                        "type": "object",
                        "properties": {
                            "city": {
                                "type": "string"
                            }
                        },
                        "required": [
                            "city"
                        ]
                    }
                }
            }

            Rain in Oslo?<|eot_id|><|start_header_id|>assistant<|end_header_id|>

            {"name": "get_weather", "parameters": {"city": "Oslo"}}<|eot_id|><|start_header_id|>ipython<|end_header_id|>

            sunny<|eot_id|><|start_header_id|>assistant<|end_header_id|>

            """);
    assertThat(render(template, List.of(), ChatMessage.user("Hi")))
        .contains("system<|end_header_id|>\n\nToday Date")
        .doesNotContain("ipython");
  }

  @Test
  void shouldRenderNamespacesPythonStringsAndInlineConditions() {
    String template = """
        {%- set ns = namespace(last='', n=0) -%}
        {%- for message in messages -%}
          {%- set ns.last = message.content.strip().split(' ')[-1] -%}
          {%- set ns.n = ns.n + 1 -%}
          {%- if message.content.startswith('To') and not message.content.endswith('?') %}[T]{% endif -%}
        {%- endfor -%}
        {{ ns.last ~ '/' ~ ns.n }} {{ 'many' if ns.n > 1 else 'one' }} {{ messages[-1].role.upper() }}
        {%- for key, value in messages[0].items() %} {{ key }}={{ value }}{% endfor -%}
        """;
    assertThat(render(
            template, List.of(), ChatMessage.user("Today it rains "), ChatMessage.user("a b c")))
        .isEqualTo("[T]c/2 many USER role=user content=Today it rains ");
  }

  @Test
  void shouldRefuseWhatTheTemplateRefuses() {
    String template =
        "{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Conversation roles must alternate') }}{% endif %}{{ message['content'] }}{% endfor %}";
    assertThat(render(template, List.of(), ChatMessage.user("a"), ChatMessage.assistant("b")))
        .isEqualTo("ab");
    assertThatThrownBy(
            () -> render(template, List.of(), ChatMessage.user("a"), ChatMessage.user("b")))
        .isInstanceOfSatisfying(
            AgentOsException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_REQUEST))
        .hasMessageContaining("Conversation roles must alternate");
  }

  @Test
  void shouldNotTakeMessagesForTemplates() {
    String hostile = "{{ 7*7 }}{% for x in messages %}x{% endfor %}{# gone #}";
    assertThat(render(
            "{% for m in messages %}{{ m.content }}{% endfor %}",
            List.of(), ChatMessage.user(hostile)))
        .isEqualTo(hostile);
  }

  @Test
  void shouldNotReachJava() {
    for (String hostile : new String[] {
      "{{ ''.getClass().forName('java.lang.Runtime') }}",
      "{{ messages.getClass() }}",
      "{{ messages[0].class }}",
      "{{ ''.class.classLoader }}",
      "{{ ____int3rpr3t3r____.config }}",
      "{{ 'a'.chars() }}",
      "{% include '/etc/passwd' %}"
    }) {
      String out;
      try {
        out = render(hostile, List.of(), ChatMessage.user("x"));
      } catch (AgentOsException e) {
        continue;
      }
      assertThat(out.strip()).as(hostile).isEmpty();
    }
  }

  @Test
  void shouldLoadFromTheModelsDirectory(@TempDir Path directory) throws IOException {
    assertThat(ChatTemplate.load(directory)).isEmpty();
    Files.writeString(
        directory.resolve("tokenizer_config.json"),
        "{\"bos_token\":{\"content\":\"<s>\"},\"eos_token\":null,\"chat_template\":\"{{ bos_token }}{{ messages[0].content }}\"}");
    assertThat(ChatTemplate.load(directory)
            .orElseThrow()
            .render(List.of(ChatMessage.user("x")), List.of()))
        .isEqualTo("<s>x");
    Files.writeString(directory.resolve("chat_template.jinja"), "file");
    assertThat(ChatTemplate.load(directory).orElseThrow().render(List.of(), List.of()))
        .isEqualTo("file");
  }
}
