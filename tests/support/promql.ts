/**
 * What a PromQL expression names, by Prometheus' own grammar.
 *
 * @module
 */

import { parser } from "@prometheus-io/lezer-promql";

/** One selection of series. */
export interface SeriesSelector {
  readonly metric: string;
  /** Label -> the values it is compared with; a pattern's alternatives; none of a dashboard's variable. */
  readonly labels: ReadonlyMap<string, readonly string[]>;
  /** The function it is given to as a range, e.g. `rate`; empty: as an instant. */
  readonly rangeFunction: string;
}

/** An expression. */
export interface Promql {
  readonly selectors: readonly SeriesSelector[];
  /** Labels that are summed or joined by. */
  readonly groupings: readonly string[];
}

type Tree = ReturnType<typeof parser.parse>;
type Node = Tree["topNode"];

/** Reads an expression. @throws Error with the place of a mistake. */
export function parsePromql(expression: string): Promql {
  // Grafana's variables of time; those in strings are texts already.
  const text = expression.replaceAll(/\$__(rate_interval|interval|range)/g, "5m");
  const selectors: SeriesSelector[] = [];
  const groupings: string[] = [];
  const cursor = parser.parse(text).cursor();
  do {
    const { node, name } = cursor;
    if (node.type.isError) {
      throw new Error(
        `Not PromQL at ${node.from}: ${text.slice(node.from) || "(its end)"}: ${text}`,
      );
    }
    if (name === "VectorSelector") selectors.push(selectorOf(node, text));
    if (name === "GroupingLabels") {
      groupings.push(...node.getChildren("LabelName").map((label) => textOf(label, text)));
    }
  } while (cursor.next());
  return { selectors, groupings };
}

function selectorOf(node: Node, text: string): SeriesSelector {
  const metric = node.getChild("Identifier");
  if (metric === null) throw new Error(`A selection without a metric: ${text}`);
  const matchers = node.getChild("LabelMatchers")?.getChildren("UnquotedLabelMatcher") ?? [];
  const labels = matchers.map((matcher): [string, string[]] => {
    const [label, operator, value] = ["LabelName", "MatchOp", "StringLiteral"]
      .map((name) => textOf(matcher.getChild(name), text));
    const literal = (value ?? "").slice(1, -1);
    const values = (operator ?? "").includes("~") ? literal.split("|") : [literal];
    return [label ?? "", values.filter((it) => !it.startsWith("$"))];
  });
  const call = node.parent?.name === "MatrixSelector"
    ? node.parent.parent?.parent?.getChild("FunctionIdentifier") ?? null
    : null;
  return {
    metric: textOf(metric, text),
    labels: new Map(labels),
    rangeFunction: call === null ? "" : textOf(call, text),
  };
}

function textOf(node: Node | null, text: string): string {
  return node === null ? "" : text.slice(node.from, node.to);
}
