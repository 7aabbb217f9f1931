/**
 * The page's files. They are imported as text, so that a compiled binary carries them; this is the only file that knows the
 * chart library.
 *
 * @module
 */

import chartLibrary from "uplot/dist/uPlot.iife.min.js" with { type: "text" };
import chartLibraryStyle from "uplot/dist/uPlot.min.css" with { type: "text" };
import api from "./page/api.js" with { type: "text" };
import chart from "./page/chart.js" with { type: "text" };
import chartStyle from "./page/chart.css" with { type: "text" };
import coloursStyle from "./page/colours.css" with { type: "text" };
import dom from "./page/dom.js" with { type: "text" };
import events from "./page/events.js" with { type: "text" };
import eventsStyle from "./page/events.css" with { type: "text" };
import format from "./page/format.js" with { type: "text" };
import icon from "./page/icon.svg" with { type: "text" };
import index from "./page/index.html" with { type: "text" };
import linkRow from "./page/link_row.js" with { type: "text" };
import links from "./page/links.js" with { type: "text" };
import linksStyle from "./page/links.css" with { type: "text" };
import main from "./page/main.js" with { type: "text" };
import rateCell from "./page/rate_cell.js" with { type: "text" };
import samples from "./page/samples.js" with { type: "text" };
import style from "./page/style.css" with { type: "text" };

/** A file as it is sent. */
export interface Asset {
  readonly contentType: string;
  readonly text: string;
}

/** Path -> file. */
export const ASSETS: ReadonlyMap<string, Asset> = new Map([
  ["/", asset("text/html", index)],
  ["/style.css", asset("text/css", style)],
  ["/colours.css", asset("text/css", coloursStyle)],
  ["/chart.css", asset("text/css", chartStyle)],
  ["/links.css", asset("text/css", linksStyle)],
  ["/events.css", asset("text/css", eventsStyle)],
  ["/icon.svg", asset("image/svg+xml", icon)],
  ["/api.js", script(api)],
  ["/chart.js", script(chart)],
  ["/dom.js", script(dom)],
  ["/events.js", script(events)],
  ["/format.js", script(format)],
  ["/link_row.js", script(linkRow)],
  ["/links.js", script(links)],
  ["/main.js", script(main)],
  ["/rate_cell.js", script(rateCell)],
  ["/samples.js", script(samples)],
  ["/uplot.js", script(chartLibrary)],
  ["/uplot.css", asset("text/css", chartLibraryStyle)],
]);

function script(text: string): Asset {
  return asset("text/javascript", text);
}

function asset(type: string, text: string): Asset {
  return { contentType: `${type}; charset=utf-8`, text };
}
