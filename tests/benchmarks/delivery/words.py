"""The words around the tables of docs/reference/performance.md: how each is measured, and to whom it is unfair."""

BEFORE = """# Performance

<!-- Written by `make benchmark`. Run it, do not edit this page. -->

What the hub delivers beside what one would use instead, measured in one run on one machine. `make benchmark` measures
it all anew (`SHORT=1`: two minutes, without the growing ledger; `MILLIONS=10`: ten million messages). Compare the
ratios: the rates are this machine's. What a message takes also goes with the build of Python: Debian's and most others
are optimised by a profile, what pyenv builds is not (`make benchmark PYTHON=/usr/bin/python3`, on a fresh clone, chooses).

The work: a portal POSTs a bin request of {bytes} bytes in JSON and is answered 202; some fifteen fields, two code
tables, a date and a repeated group are mapped; the result is POSTed to a back office, whose answer is read. Every
request has a reference of its own. Load generator, contender, database and back office share the machine and its
loopback.
"""

AFTER = {
    "side by side": """
How it is measured. Medians of {rounds} rounds; in a round every contender is loaded once for {seconds:g} s, every
other round in the opposite order, after one warm-up each. 64 kept-alive connections each send the next request as
soon as the last one is answered.

- *accepted/s*: answered 202, over the time of sending. *completed/s*: the same messages, over the time from the first
  request until the last one had come to the back office and, where an account is kept, was noted there as done. A
  contender that accepts faster than it delivers has to work off the rest, and that time counts.
- *accept*: from sending a request to its answer. *End to end*: from sending it to its first byte at the back office;
  in a closed loop this is mostly the backlog.
- *CPU*: user and system time of all processes of the contender, as Linux counts it in steps of 10 ms, over the
  messages. Its database server's is in a column of its own. *Peak MB*: the sum of the processes' largest resident
  memory since their start.
- The load generator and the back office are processes of their own on uvloop and httptools; the raw line is what they
  do without a contender. Their cost a message is in the table, too: where it is small beside the contender's, they
  are not what is measured.

The hub: `hub serve`, one process, the ledger on disk, SQLite with `synchronous=FULL` or PostgreSQL with
`synchronous_commit=on`. The caller's key is checked, the request is validated against the contract, accepted in a
transaction of its own or a shared one, mapped, the result validated, sent, the answer validated and read, the order
number entered into the crosswalk, contents sealed, each step journalled in the hash chain, and logged. The receivers'
limits are set out of the way (`at_once: {at_once}`, no rate). SOAP is the shipped exchange `bin-replacement` without
what it tells the portal afterwards; REST is the same mapping on a contract of its own in
`tests/benchmarks/delivery/installation`.

Node-RED: an HTTP-in node, a function node that maps, an HTTP response and an HTTP request node with keep-alive, and a
function node that reads the answer; no editor, no debug node, no log below warnings.

FastAPI + procrastinate: pydantic validates, a job is deferred on the same PostgreSQL server, a worker process with
{concurrency} jobs at once maps and POSTs by httpx, with retries; one web process under uvicorn with uvloop and
httptools.
""",
    "paced": """
An open loop: a request is sent when its time has come, whatever became of those before, and the wait for a free
connection counts. *Pick-up*: from the 202 at the sender to the first byte at the back office, 0 where that byte came
first: the node that accepts a message holds it from its commit on, and sends it while the 202 is on its way. End to
end has the whole accept in it. The dead application refuses connections; its messages wait, and its lane's breaker is
open. Both hubs on SQLite are loaded in turn, the one on PostgreSQL after the contest. Medians of rounds: {rounds}.

Idle: a hub on SQLite with nothing to do took {idle:.2f} % of a core over {idle_seconds:g} s.
""",
    "growth": """
Two ledgers, each with a node of its own, loaded in turn as above. A ledger is filled by copying real, settled
messages (all their rows in all tables) set-wide into the real tables, spread over the 90 days before; then PostgreSQL
is vacuumed and analysed, as its autovacuum would have done, and SQLite is left alone. A search asks the admin
endpoint for a random reference over HTTP, one at a time. The hashes of the copied journal lines are not worked out
anew.
""",
    "processes": """
Two processes behind one port, against one, each on a PostgreSQL database of its own on the same server. The machine has
{cores} cores for the load generator, the back office, PostgreSQL and the hub together: with fewer than five, two hub
processes do not have a core each, and the ratio, {ratio:.2f}, says how far sharing goes, not how far the hub scales.
""",
    "held": """
The same with every hub process held to {share:.0%} of a core (a control group's quota), so that each of two has as much
as the only one, and the rest of the machine enough for everything else: the ratio is {ratio:.2f}.
""",
    "not held": "Control groups may not be made here, so two processes with a core each were not measured.\n",
}

UNFAIR = """## What is unfair, and to whom

- To the hub: Node-RED keeps nothing. It loses what it accepted when it stops, checks no contract, tries nothing
  again, keeps no order, knows no caller and writes no log line a message; nor would it notice a repeat. procrastinate
  keeps its jobs, and has no journal, no order per reference, no crosswalk, no second validation, and does not notice
  a repeat.
- To Node-RED and procrastinate: their authors might tune more. Node-RED could run several processes, and so could
  procrastinate's worker and web server; the hub, too, is held to one process beside them. Batching what is deferred,
  which procrastinate offers, does not fit a request that is answered once it is kept.
- To the large ledger: its copies lie in the order of their making, which is what production would mostly have.
- To everybody: one machine, the loopback, a back office that answers at once. Real applications take tens or hundreds
  of milliseconds and bear a few calls at once; then it is they that set the rate.
"""
