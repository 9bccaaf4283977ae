import java.io.*;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import java.util.*;
import org.apache.spark.SparkThrowable;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.NamedExpression;
import org.apache.spark.sql.catalyst.plans.logical.LocalRelation;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.Project;

/**
 * Asks Apache Spark about SQL expressions. Reads lines "kind TAB sql" (escaped as Java strings; the first line is the
 * table's query) and writes a line for each and mode: "type TAB text", "type" for a null, or "! TAB condition".
 */
class Goldens {
  static SparkSession spark;

  public static void main(String[] args) throws Exception {
    List<String> lines = Files.readAllLines(Path.of(args[0]), StandardCharsets.UTF_8);
    spark = org.apache.spark.sql.classic.SparkSession.builder().master("local[1]").appName("goldens")
        .config("spark.ui.enabled", "false").config("spark.sql.session.timeZone", args[2])
        .config("spark.sql.shuffle.partitions", "1").config("spark.sql.timeType.enabled", "true").config("spark.sql.codegen.wholeStage", "false")
        .config("spark.sql.codegen.factoryMode", "NO_CODEGEN").getOrCreate();
    spark.sparkContext().setLogLevel("OFF");
    spark.sql(unescape(lines.get(0))).createOrReplaceTempView("t");
    // With ANSI off what failed is asked again, and every third of the others.
    Set<Integer> failed = new HashSet<>();
    long start = System.currentTimeMillis();
    try (Writer out = Files.newBufferedWriter(Path.of(args[1]), StandardCharsets.UTF_8)) {
      out.write(spark.version() + "\n");
      for (String ansi : List.of("true", "false")) {
        spark.conf().set("spark.sql.ansi.enabled", ansi);
        List<String> aggregates = new ArrayList<>();
        for (int i = 1; i < lines.size(); i++) {
          String[] parts = lines.get(i).split("\t", 2);
          if (parts[0].equals("agg")) aggregates.add(unescape(parts[1]));
          else if (ansi.equals("false") && !failed.contains(i) && i % 3 != 0) out.write("?\n");
          else {
            String line = answer(unescape(parts[1]));
            if (line.startsWith("!")) failed.add(i);
            out.write(line + "\n");
          }
          if (i % 1000 == 0) System.err.println("  ansi=" + ansi + " " + i + "/" + lines.size() + " " + (System.currentTimeMillis() - start) / 1000 + " s");
        }
        for (String line : aggregates(aggregates)) out.write(line + "\n");
      }
    }
    System.exit(0);
  }

  /** Optimizing folds what does not fail; the rest is evaluated here, without running a job. */
  static Object[] folded(String sql) {
    LogicalPlan plan = ((org.apache.spark.sql.classic.Dataset<Row>) spark.sql(sql)).queryExecution().optimizedPlan();
    if (plan instanceof LocalRelation relation) {
      InternalRow row = relation.data().apply(0);
      Object[] values = new Object[row.numFields()];
      for (int i = 0; i < values.length; i++) values[i] = row.isNullAt(i) ? null : row.getUTF8String(i);
      return values;
    }
    if (plan instanceof Project project && project.child().nodeName().equals("OneRowRelation")) {
      Object[] values = new Object[project.projectList().length()];
      for (int i = 0; i < values.length; i++) values[i] = ((Expression) project.projectList().apply(i)).eval(null);
      return values;
    }
    Row row = spark.sql(sql).collectAsList().get(0);
    Object[] values = new Object[row.length()];
    for (int i = 0; i < values.length; i++) values[i] = row.get(i);
    return values;
  }

  static String answer(String sql) {
    try {
      Object[] row = folded("SELECT cast(v AS string), typeof(v) FROM (SELECT " + sql + " AS v)");
      String type = row[1].toString();
      Object value = type.equals("binary") ? folded("SELECT hex(v) FROM (SELECT " + sql + " AS v)")[0] : row[0];
      return line(type, value);
    } catch (Throwable error) {
      return refusal(error);
    }
  }

  static List<String> aggregates(List<String> sqls) {
    String[] answers = new String[sqls.size()];
    String[] types = new String[sqls.size()];
    List<Integer> well = new ArrayList<>();
    for (int i = 0; i < answers.length; i++) {
      try {
        types[i] = spark.sql("SELECT " + sqls.get(i) + " AS v FROM t").schema().apply(0).dataType().simpleString();
        well.add(i);
      } catch (Throwable error) {
        answers[i] = refusal(error);
      }
    }
    for (int from = 0; from < well.size(); from += 20) {
      List<Integer> some = well.subList(from, Math.min(from + 20, well.size()));
      try {
        StringJoiner columns = new StringJoiner(", ");
        for (int i : some) columns.add(column(types[i], sqls.get(i)));
        Row row = spark.sql("SELECT " + columns + " FROM t").collectAsList().get(0);
        for (int k = 0; k < some.size(); k++) answers[some.get(k)] = line(types[some.get(k)], row.get(k));
      } catch (Throwable first) {
        for (int i : some) {
          try {
            answers[i] = line(types[i], spark.sql("SELECT " + column(types[i], sqls.get(i)) + " FROM t").collectAsList().get(0).get(0));
          } catch (Throwable error) {
            answers[i] = refusal(error);
          }
        }
      }
    }
    return List.of(answers);
  }

  static String column(String type, String sql) {
    return type.equals("binary") ? "hex(" + sql + ")" : "cast(" + sql + " AS string)";
  }

  static String line(String type, Object value) {
    return value == null ? escape(type) : escape(type) + "\t" + escape(value.toString());
  }

  static String refusal(Throwable error) {
    for (Throwable cause = error; cause != null; cause = cause.getCause()) {
      if (cause instanceof SparkThrowable known && known.getCondition() != null) return "!\t" + known.getCondition();
    }
    return "!\t?" + error.getClass().getSimpleName();
  }

  static String escape(String text) {
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t");
  }

  static String unescape(String text) {
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c != '\\') { out.append(c); continue; }
      char next = text.charAt(++i);
      out.append(next == 'n' ? '\n' : next == 'r' ? '\r' : next == 't' ? '\t' : next);
    }
    return out.toString();
  }
}
