package io.llmagentos.agent.personal;

import com.ezylang.evalex.EvaluationException;
import com.ezylang.evalex.Expression;
import com.ezylang.evalex.parser.ParseException;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Arithmetic from words, computed by EvalEx. A question that does not come down to one expression gets no answer but a question. */
final class MathsTool {
  private static final String N = "(-?\\d+(?:\\.\\d+)?)";
  private static final Pattern EXPRESSION = Pattern.compile(
      "[-+*/()^%0-9. ]*\\d[-+*/()^%0-9. ]*|(?:SQRT|CBRT|SQR|FACT|SIN|COS|TAN)\\([^a-zA-Z]{1,60}\\)");
  private static final Pattern BY_ZERO = Pattern.compile("[/%] ?-?0+(?:\\.0+)?(?![\\d.])");
  private static final int DIGITS = 10;

  /** What words mean, in the order in which they are replaced. */
  private static final List<String[]> MEANINGS = List.of(
      new String[] {"\\b(?:percentages?|per cent|percents?)\\b", "percent"},
      new String[] {"(\\d) ?%(?! ?\\d)", "$1 percent"},
      new String[] {N + " percent off (?:of )?" + N, "$2 * (100 - $1) / 100"},
      new String[] {N + " percent of " + N, "$2 * $1 / 100"},
      new String[] {"what percent (?:is )?" + N + " (?:is )?(?:out )?of " + N, "$1 / $2 * 100"},
      new String[] {
        "\\b(?:how many times (?:does|do|can|will) )?" + N + " (?:go|goes|fits?) (?:into|in) " + N,
        "$2 / $1"
      },
      new String[] {"\\bsubtract(?:ing|ed)? " + N + " from " + N, "$2 - $1"},
      new String[] {
        "\\b(?:divide|dividing) " + N + " (?:by|in|into|with) " + N + "(?: parts)?", "$1 / $2"
      },
      new String[] {"\\b(?:multiply|multiplying) " + N + " (?:by|with|and|times) " + N, "$1 * $2"},
      new String[] {"\\b(?:take|taking) " + N + " and (divide|multiply) it by " + N, "$1 $2 by $3"},
      new String[] {
        "\\b(?:add|adding|sum of|total of|sum of the 2 numbers) " + N + " (?:and|to|with|plus) "
            + N,
        "$1 + $2"
      },
      new String[] {"\\bproduct of " + N + " (?:and|by|with) " + N, "$1 * $2"},
      new String[] {"\\bremainder (?:when|of) " + N + " (?:is )?divided by " + N, "$1 % $2"},
      new String[] {"\\b(?:square )?root (?:of )?" + N, "SQRT($1)"},
      new String[] {"\\bcube root (?:of )?" + N, "CBRT($1)"},
      new String[] {"\\bsquare of " + N, "$1 ^ 2"},
      new String[] {"\\bcube of " + N, "$1 ^ 3"},
      new String[] {N + " squared", "$1 ^ 2"},
      new String[] {N + " cubed", "$1 ^ 3"},
      new String[] {"\\bfactorial of (\\d{1,4})\\b|\\b(\\d{1,4}) factorial", "FACT($1$2)"},
      new String[] {"\\b(?:to the power (?:of )?|raised to (?:the power (?:of )?)?)", "^ "},
      new String[] {"\\b(?:divided by|divide by|over)\\b|\u00f7", "/"},
      new String[] {
        "\\b(?:multiplied by|multiply by|times|time)\\b|\u00d7|(?<=\\d) ?x ?(?=\\d)", "*"
      },
      new String[] {"\\bplus\\b|\\badded to\\b", "+"},
      new String[] {"\\bminus\\b|\\bless\\b", "-"},
      new String[] {"(?<=\\d) (?:modulo|mod) (?=\\d)", " % "});

  private static final Pattern POLITE = Pattern.compile(
      "\\b(?:what'?s|what|is|are|the|answer|result|solution|to|for|of|how|much|does|do|equals?|please|tell|me|can|could|you|calculate|compute|solve|this|equation|problem|"
          + "find|figure|out|show|get|when|a|an|i|value|sum|total|add|resolve|hey|olly|and|it|dollars|does)\\b");

  private MathsTool() {}

  static List<PersonalTool> tools() {
    return List.of(FunctionTool.of(
            "qa_maths",
            "Computes an arithmetic expression said in words or digits.",
            MathsTool::call)
        .telling());
  }

  private static ToolOutcome call(ToolArguments arguments, ToolContext context) {
    String request = context.request();
    String expression = request.length() > 300 ? "" : expression(request);
    if (!EXPRESSION.matcher(expression).matches() || expression.matches("[\\d. ]*")) {
      return ToolOutcome.answer(
          "What exactly should I compute? I can add, subtract, multiply, divide, and take percentages and roots.");
    } else if (BY_ZERO.matcher(expression).find()) {
      return ToolOutcome.answer("Division by zero has no result.");
    } else if (expression.matches(".*\\^ ?\\d{4,}.*")
        || expression.matches(".*\\d{30,}.*")
        || expression.matches("FACT\\(\\d{4,}\\)|.*\\^.*\\^.*")) {
      return ToolOutcome.answer("That is too large for me to compute.");
    }
    try {
      BigDecimal value = new Expression(expression).evaluate().getNumberValue();
      return ToolOutcome.answer(said(expression) + " = " + rounded(value) + ".");
    } catch (EvaluationException | ParseException | ArithmeticException e) {
      return ToolOutcome.answer("That has no result: " + said(expression) + ".");
    }
  }

  static String expression(String request) {
    String words = NumberWords.toDigits(request
        .toLowerCase(Locale.ENGLISH)
        .replaceAll("(?<=\\d),(?=\\d{3}\\b)", "")
        .replaceAll("[?!=,]|\\.(?!\\d)", " ")
        .replaceAll("\\s+", " ")
        .strip());
    words = words
        .replaceAll("(\\d+) point (\\d+)", "$1.$2")
        .replaceAll("\\bcube root of " + N, "CBRT($1)");
    for (String[] meaning : MEANINGS) {
      Matcher m = Pattern.compile(meaning[0]).matcher(words);
      if (meaning[0].contains("factorial")) {
        words = m.replaceAll(r -> "FACT(" + (r.group(1) != null ? r.group(1) : r.group(2)) + ")");
      } else {
        words = m.replaceAll(meaning[1]);
      }
    }
    String plain = POLITE.matcher(words).replaceAll(" ").replaceAll("\\s+", " ").strip();
    return plain.replaceFirst(
        "(?<=[-+*/] \\d{1,18}) \\d+$",
        "?"); // "four plus five equals nine" asks for a check: leave it
  }

  private static String said(String expression) {
    return expression
        .replaceFirst("SQRT\\((.*)\\)", "The square root of $1")
        .replaceFirst("CBRT\\((.*)\\)", "The cube root of $1")
        .replaceFirst("FACT\\((.*)\\)", "$1!");
  }

  private static String rounded(BigDecimal value) {
    BigDecimal shown =
        value.round(new MathContext(DIGITS, RoundingMode.HALF_EVEN)).stripTrailingZeros();
    boolean exact = shown.compareTo(value) == 0;
    boolean whole = value.stripTrailingZeros().scale() <= 0 && value.precision() <= 40;
    return whole
        ? value.toBigInteger().toString()
        : exact
            ? shown.toPlainString()
            : "about "
                + (shown.precision() - shown.scale() > 40
                    ? shown.toString()
                    : shown.toPlainString());
  }
}
