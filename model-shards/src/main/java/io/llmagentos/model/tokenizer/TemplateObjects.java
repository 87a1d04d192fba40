package io.llmagentos.model.tokenizer;

import com.hubspot.jinjava.el.TypeConvertingMapELResolver;
import com.hubspot.jinjava.el.ext.JinjavaBeanELResolver;
import com.hubspot.jinjava.el.ext.JinjavaListELResolver;
import com.hubspot.jinjava.lib.Importable;
import java.beans.FeatureDescriptor;
import java.util.Arrays;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import jinjava.javax.el.ArrayELResolver;
import jinjava.javax.el.CompositeELResolver;
import jinjava.javax.el.ELContext;
import jinjava.javax.el.ELException;
import jinjava.javax.el.ELResolver;
import org.jspecify.annotations.NullUnmarked;

/**
 * What a template can do to the values it sees: Python's methods of strings, the items of maps and lists, and Jinja's own objects. Nothing else of
 * Java can be reached.
 */
final class TemplateObjects {
  private TemplateObjects() {}

  static ELResolver resolver() {
    CompositeELResolver resolver = new CompositeELResolver();
    resolver.add(new Strings());
    resolver.add(new ArrayELResolver(true));
    resolver.add(new JinjavaListELResolver(true));
    resolver.add(new TypeConvertingMapELResolver(false));
    resolver.add(new JinjaOwn());
    return resolver;
  }

  /** Jinja's loop, its namespaces, lists and maps; no other bean. */
  @NullUnmarked
  private static final class JinjaOwn extends JinjavaBeanELResolver {
    JinjaOwn() {
      super(true);
    }

    private static boolean knows(Object base) {
      return base instanceof Importable
          || (base != null && base.getClass().getName().startsWith("com.hubspot.jinjava."));
    }

    @Override
    public Object getValue(ELContext context, Object base, Object property) {
      return knows(base) ? super.getValue(context, base, property) : null;
    }

    @Override
    public Object invoke(
        ELContext context, Object base, Object method, Class<?>[] types, Object[] arguments) {
      if (!knows(base)) {
        throw new ELException("a template cannot call " + method);
      }
      return super.invoke(context, base, method, types, arguments);
    }
  }

  /** Python's methods of strings. */
  @NullUnmarked
  private static final class Strings extends ELResolver {
    @Override
    public Object invoke(
        ELContext context, Object base, Object method, Class<?>[] types, Object[] arguments) {
      if (!(base instanceof String text)) {
        return null;
      }
      context.setPropertyResolved(true);
      List<String> given = Arrays.stream(arguments == null ? new Object[0] : arguments)
          .map(String::valueOf)
          .toList();
      return call(text, String.valueOf(method), given);
    }

    private static Object call(String text, String method, List<String> given) {
      return switch (method) {
        case "strip" -> strip(text, given, true, true);
        case "lstrip" -> strip(text, given, true, false);
        case "rstrip" -> strip(text, given, false, true);
        case "startswith" -> text.startsWith(given.getFirst());
        case "endswith" -> text.endsWith(given.getFirst());
        case "upper" -> text.toUpperCase(Locale.ROOT);
        case "lower" -> text.toLowerCase(Locale.ROOT);
        case "capitalize", "title" ->
          text.isEmpty() ? text : text.substring(0, 1).toUpperCase(Locale.ROOT) + text.substring(1);
        case "replace" -> text.replace(given.get(0), given.get(1));
        case "find" -> text.indexOf(given.getFirst());
        case "split" ->
          given.isEmpty()
              ? List.of(text.strip().split("\\s+"))
              : List.of(text.split(Pattern.quote(given.getFirst()), -1));
        case "join" -> String.join(text, given);
        default -> throw new ELException("strings have no method " + method);
      };
    }

    private static String strip(String text, List<String> given, boolean left, boolean right) {
      int from = 0;
      int to = text.length();
      while (left && from < to && strips(text.charAt(from), given)) {
        from++;
      }
      while (right && to > from && strips(text.charAt(to - 1), given)) {
        to--;
      }
      return text.substring(from, to);
    }

    private static boolean strips(char character, List<String> given) {
      return given.isEmpty()
          ? Character.isWhitespace(character)
          : given.getFirst().indexOf(character) >= 0;
    }

    @Override
    public Object getValue(ELContext context, Object base, Object property) {
      return null;
    }

    @Override
    public Class<?> getType(ELContext context, Object base, Object property) {
      return null;
    }

    @Override
    public void setValue(ELContext context, Object base, Object property, Object value) {}

    @Override
    public boolean isReadOnly(ELContext context, Object base, Object property) {
      return true;
    }

    @Override
    public Iterator<FeatureDescriptor> getFeatureDescriptors(ELContext context, Object base) {
      return Collections.emptyIterator();
    }

    @Override
    public Class<?> getCommonPropertyType(ELContext context, Object base) {
      return Object.class;
    }
  }
}
