"""Twenty classic defects of a delivery engine, each as a few changed words of the hub, with the promise that it breaks and
the proof that must say so: a seed of the simulation, or a test by its name."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Planted:
    """A defect: in `file` of the hub `old`, which stands there once, becomes `new`. It must be found as a breach of
    `breaks`, by the simulation within `seeds` seeds, or else by `test`."""

    name: str
    breaks: str
    file: str
    old: str
    new: str
    seeds: int = 400
    test: str = ""


SLOTS = "tests/delivery/test_schedules.py::test_each_slot_of_a_night_is_its_own_when_it_is_met"
OTHERS = "tests/endpoints/test_rest.py::test_a_message_of_another_application_or_authority_is_not_there"

PLANTED = (
    Planted(
        "a receipt is given before the commit",
        "I1",
        "ledger/writer.py",
        "    return answers\n\n\ndef _apart(",
        "    _answer(jobs, answers)\n    return answers\n\n\ndef _apart(",
    ),
    Planted(
        "a message that is said again is taken again",
        "I11",
        "ledger/accepting.py",
        "    if not keyed:\n",
        "    if keyed is not None:\n",
    ),
    Planted(
        "what stands behind another is claimed",
        "I5",
        "ledger/claiming.py",
        "[row.position for row in found if row.head == row.position]",
        "[row.position for row in found]",
    ),
    Planted(
        "the journal has a gap",
        "I7",
        "ledger/settling.py",
        "        _write_line(to, after, event=",
        "        if after.decision.state is not State.WAITING:\n            _write_line(to, after, event=",
    ),
    Planted(
        "a call goes out without its key",
        "I4",
        "caller.py",
        "    return {**document, field: key} if field else document",
        "    return document if field else {**document}",
    ),
    Planted(
        "a fault is taken as success",
        "I3",
        "transports/judge.py",
        '        case "refused":\n            return Refused(reason)',
        '        case "refused":\n            return Delivered(answer.document, answer.payload)',
    ),
    Planted(
        "a stale hand may settle",
        "I10",
        "ledger/settling.py",
        "(now_held.state, now_held.token, now_held.holder) == (",
        "(State.SENDING if now_held.state != State.DELIVERED else now_held.state, claimed.token, claimed.holder) == (",
    ),
    Planted(
        "a refused message is deleted",
        "I1",
        "ledger/settling.py",
        "    _keep(to, settlements)\n    remember(",
        "    refused = [each.claim.delivery.id for each in settlements if each.decision.state is State.DEAD]\n"
        "    to.connection.execute(sa.delete(delivery).where(delivery.c.id.in_(refused)))\n"
        "    _keep(to, settlements)\n    remember(",
    ),
    Planted(
        "a delivery is marked before it is sent",
        "I3",
        "dispatcher/dispatcher.py",
        "        try:\n            answer = await self._caller.call(",
        "        marked = f\"UPDATE delivery SET state = 'delivered', holder = '' WHERE id = '{delivery.id}'\"\n"
        "        await self._ledger._writer.run(lambda to: to.connection.exec_driver_sql(marked))\n"
        "        try:\n            answer = await self._caller.call(",
    ),
    Planted(
        "a lease is shorter than a call and is not renewed",
        "I10",
        "worker.py",
        "LEASE = timedelta(seconds=12)",
        "LEASE = timedelta(seconds=1)",
    ),
    Planted(
        "the count of attempts starts anew at each failure",
        "I7",
        "lifecycle.py",
        "attempts = delivery.attempts + (0 if free else 1)",
        "attempts = 0 if free else 1",
    ),
    Planted(
        "a call that was not answered counts as success",
        "I3",
        "transports/judge.py",
        "        return Unauthorised(error.text)\n    return Unanswered(error.text)",
        "        return Unauthorised(error.text)\n    return Delivered()",
    ),
    Planted(
        "what has ended may still be cancelled",
        "I9",
        "lifecycle.py",
        "State.DELIVERED: frozenset(),",
        "State.DELIVERED: frozenset({State.CANCELLED}),",
    ),
    Planted(
        "an authority reads another's messages",
        "I13",
        "endpoints/rest.py",
        "if (story.message.sender, story.message.authority) == (identity.application, identity.authority):",
        "if story.message.sender == identity.application:",
        test=OTHERS,
    ),
    Planted(
        "what is under way is taken from its holder",
        "I10",
        "ledger/claiming.py",
        "_sending().where(delivery.c.lease_until < now).order_by",
        "_sending().order_by",
    ),
    Planted(
        "each try has a key of its own",
        "I4",
        "dispatcher/dispatcher.py",
        "                key=outgoing_key(claim),\n",
        '                key=f"{outgoing_key(claim)}:{delivery.tries}",\n',
    ),
    Planted(
        "a probe of a broken lane is charged to its message",
        "I7",
        "lifecycle.py",
        "attempts = delivery.attempts + (0 if free else 1)",
        "attempts = delivery.attempts + 1",
    ),
    Planted(
        "on the night when clocks go back an hour is met twice",
        "T01",
        "scheduler.py",
        "late = (moment.astimezone(UTC) + EARLY).astimezone(self._zone)",
        "late = moment.astimezone(self._zone).replace(fold=0) + EARLY",
        test=SLOTS,
    ),
    Planted(
        "every node runs each slot",
        "T01",
        "ledger/schedules.py",
        "    return to.connection.execute(entry.returning(fire.c.slot)).first() is not None",
        "    to.connection.execute(entry)\n    return True",
    ),
    Planted(
        "the log says what a message says",
        "I14",
        "dispatcher/dispatcher.py",
        "        try:\n            answer = await self._caller.call(",
        '        log.warning("%s is sent: %s", delivery.id, ready.document)\n'
        "        try:\n            answer = await self._caller.call(",
    ),
)
