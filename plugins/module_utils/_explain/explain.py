# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which rule, table, route and source, and why. PRIVATE to the collection.

A source that the plain look-up names and the route does not carry is the kernel's own choice. Then a real socket is
asked, because a look-up can name a source that the host no longer has.
"""

from __future__ import annotations

import dataclasses
import os
import socket
import typing as t

from .._base.errors import KernelError
from .._base.values import INET, INET6, Address
from .._host.domain import domain_of
from .._host.host import Host
from .._probe.sockets import SocketResult, socket_source
from .._routes.values import Route
from .._rules import walk as _rules
from .._rules.line import result as rule_result
from . import sentences
from .choice import Choice
from .domains import Domains
from .lookups import LOCAL_TYPE, Answer, Lookups
from .options import PKTINFO
from .question import UDP, Question
from .refusal import explain_refusal
from .rfc6724 import Destination, preferred


class Explainer:
    """Answers questions about one host."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.lookups = Lookups(host)
        self.choice = Choice(host)
        self.domains = Domains(host)

    def answer(self, question: Question) -> dict[str, t.Any]:
        """The result for one question."""
        query = question.query
        self.choice.near_only = False
        result: dict[str, t.Any] = {
            "destination": question.destination,
            "name": question.name,
            "family": "ipv4" if query.family == INET else "ipv6",
            "source": None,
            "device": None,
            "gateway": None,
            "table": None,
            "reason": "",
            "explanation": "",
            "stale": False,
            "configured": None,
            "rfc6724": None,
            "also": [],
            "egress": None,
            "socket": None,
            "route": None,
            "rule": None,
            "warnings": [],
            "query": dict(question.given or {}),
        }
        got = self._ask_socket(question)
        result["socket"] = {"source": got.source, "error": got.error}
        broadcast = not question.options.beside and self.lookups.is_broadcast(query)
        if question.source and (broadcast or self._set_aside(question)):
            # inet_bind() keeps such an address for what comes in only; getsockname() says it all the same.
            if broadcast:
                result["warnings"].append(sentences.receives(question.source))
            query = dataclasses.replace(query, source=None)
            question = dataclasses.replace(question, source=None, query=query)
            got = SocketResult(None, None, [])
        try:
            answer, route = self._look_up(question)
        except KernelError as error:
            self._look_again(question, error, got, result)
            return result
        self._describe(question, answer, route, got, result)
        return result

    def _set_aside(self, question: Question) -> bool:
        """IP_PKTINFO without an address sets that of the socket aside, IPV6_PKTINFO does not (``ip_cmsg_send()``).

        If the host lacks the address, no socket can be bound to it in the first place.
        """
        query, options = question.query, question.options
        ipv4 = query.family == INET and options.packet is not None and not options.beside
        return ipv4 and question.source is not None and self.lookups.has(question.source, query)

    def _look_up(self, question: Question) -> tuple[Answer, Route | None]:
        """Of a socket that is led by an option but not bound, IPv6 asks no more than a look-up does."""
        query = question.query
        ask = self.lookups.led if question.options.lead else self.lookups.bound
        answer, route = ask(query)
        if query.family == INET6 and not question.source and answer.source and not (route and route.source):
            self.choice.learn(query.destination, self._leaves_by(answer, route), answer.source)
        return self._preferred(question, answer, route), route

    def _preferred(self, question: Question, answer: Answer, route: Route | None) -> Answer:
        """The answer with the source that the socket prefers by RFC 5014, which a look-up knows nothing of."""
        carried = route is not None and route.source is not None and route.source == answer.source
        if question.query.family != INET6 or question.source or not question.options.preferences or carried:
            return answer
        to = self._compared(question, self._leaves_by(answer, route))
        if answer.source != self.choice.choose(dataclasses.replace(to, temporary=None, care_of=False)):
            return answer  # the route carries it
        return answer._replace(source=self.choice.choose(to))

    def _compared(self, question: Question, index: int) -> Destination:
        """What the rules of RFC 6724 compare with, for a route by this device."""
        return self.choice.destination(question.query.destination, index, question.options)

    def _leaves_by(self, answer: Answer, route: Route | None) -> int:
        """The device that RFC 6724 compares with: to an own address an answer says `lo`, its route names the device."""
        hop = route.hops[0] if route and route.hops and answer.type == LOCAL_TYPE else answer.hop
        return self.domains.index(hop.device)

    def _look_again(self, question: Question, error: KernelError, got: SocketResult, result: dict[str, t.Any]) -> None:
        """IPv6, refused without a source: it chooses one and looks again (``ip6_dst_lookup_tail()``), a look-up not."""
        refused: tuple[Question, KernelError, str | None] = question, error, None
        to = chosen = None
        if question.query.family == INET6 and question.query.source is None:
            to = self._compared(question, domain_of(question.query.device or 0, self.host.links))
            chosen = self.choice.choose(to)
        if to and chosen:
            again = _from(question, chosen)
            try:
                answer, route = self.lookups.bound(again.query)
            except KernelError as second:
                refused = again, second, chosen
            else:
                self._describe(again, answer._replace(source=chosen), route, got, result, to)
                return
        explain_refusal(self.lookups, *refused, result)
        if got.source:
            result["warnings"].append(sentences.refuted(got.source))

    def _ask_socket(self, question: Question) -> SocketResult:
        query, options = question.query, question.options
        if options.unconnected:
            return SocketResult(None, None, [])
        # Unless a rule tells protocols apart, a UDP socket is led the same way and needs no privilege.
        matters = any(rule.ip_protocol for rule in self.host.rules(query.family))
        scope = f"%{question.device}" if question.device and query.destination[:2] == b"\xfe\x80" else ""
        return socket_source(
            query.family,
            question.destination + scope,
            source=question.source,
            device=None if options.lead else question.device,
            mark=query.mark,
            uid=query.uid if query.uid not in (None, os.getuid()) else None,
            protocol=query.ip_protocol if matters and query.ip_protocol else UDP,
            destination_port=query.destination_port or 0,
            source_port=query.source_port or 0,
            tos=query.tos or None,
            prepare=options.set,
        )

    def _describe(
        self,
        question: Question,
        answer: Answer,
        route: Route | None,
        got: SocketResult,
        result: dict[str, t.Any],
        first: Destination | None = None,
    ) -> None:
        """``first``: what the source was compared with where it was chosen before there was a route."""
        query = question.query
        source = question.source or answer.source
        rule = self.lookups.rule(query, answer.table, route)
        configured = route.source if route else None
        result.update(
            source=source,
            device=answer.hop.device,
            gateway=answer.hop.gateway,
            table=answer.table,
            configured=configured,
            route=route.result() if route else None,
            rule=rule_result(rule, answer.table) if rule else None,
        )
        if first and source:
            clauses = [self._decided(first, source, result)]
        else:
            clauses = [self._why(question, answer, route, result)]
        option = PKTINFO[query.family == INET6] if question.options.beside else None
        if source and not self.lookups.has(source, query):
            result["stale"] = True
            clauses.append(sentences.stale(source, question.source is None, got.source, got.error, option))
        elif source and (home := self.domains.foreign(question, source, answer.hop)):
            result["stale"] = True
            here = self.domains.text(self.domains.of(question.device))
            named = question.source is None
            clauses.append(sentences.foreign(source, home, here, named, got.source, got.error, option))
        leads, lead = question.options.named(query.family), question.options.lead
        if leads and lead:
            aside = result["query"].get("from") if not question.source else None
            clauses.insert(0, sentences.led(leads, lead.name, aside))
        where = sentences.way(rule, answer.table, route, answer.hop)
        if source and not result["stale"] and not question.source and first is None:
            try:
                clauses += self._flows(question, answer, route, source, result)
            except KernelError as error:
                clauses.append(sentences.nowhere(source))
                self._refuse_chosen(question, source, error, result)
                result["explanation"] = f"{where}: {'; '.join(clauses)}: {result['explanation']}"
                return
        result["explanation"] = (f"{where}: " if where else "") + "; ".join(clauses) + "."
        result["warnings"] += self._warnings(question, result, got)

    def _refuse_chosen(self, question: Question, source: str, error: KernelError, result: dict[str, t.Any]) -> None:
        """IPv4 looks again with the source that it chose; what is refused then is refused."""
        result.update(dict.fromkeys(("source", "device", "gateway", "table", "configured", "route", "rule", "rfc6724")))
        result["also"] = []
        explain_refusal(self.lookups, _from(question, source), error, None, result)

    def _why(self, question: Question, answer: Answer, route: Route | None, result: dict[str, t.Any]) -> str:
        """Sets ``reason``, and ``rfc6724`` where that decided; returns the clause that says it."""
        source, device = answer.source, answer.hop.device or "lo"
        if question.source and question.options.beside:
            result["reason"] = "pktinfo"
            return sentences.beside(question.source, PKTINFO[question.query.family == INET6])
        if question.source:
            result["reason"] = "bound"
            return sentences.bound(question.source)
        if route and route.source and route.source == source:
            result["reason"] = "prefsrc"
            return sentences.carried(route, route.source)
        if question.query.family == INET6:
            return self._chosen(question, answer, route, result)
        own = [address for address in self.domains.holders(source) if address.device == device]
        domain = self.domains.of(question.device)
        if domain and domain != self.domains.of(device) and self.domains.holder(source, domain):
            result["reason"] = "borrowed"
            return sentences.of_left_vrf(source or "", self.host.names[domain], device)
        if source is None:
            result["reason"] = "interface"
            return "the route carries no preferred source, and the host has no address that would do"
        if answer.type == LOCAL_TYPE and source == question.destination:
            result["reason"] = "interface"
            return sentences.itself(source)
        if own:
            result["reason"] = "interface"
            option = question.options.named(INET)
            return sentences.of_device(source, device, answer.hop.gateway, own, answer.table is not None, option)
        result["reason"] = "borrowed"
        domain = self.domains.of(device)
        return sentences.of_another(source, device, self.domains.holder(source, domain), self.host.names.get(domain))

    def _chosen(self, question: Question, answer: Answer, route: Route | None, result: dict[str, t.Any]) -> str:
        result["reason"] = "rfc6724"
        if answer.source is None:
            return "the route carries no preferred source, and no address of this host comes into question (RFC 6724)"
        return self._decided(self._compared(question, self._leaves_by(answer, route)), answer.source, result)

    def _decided(self, to: Destination, source: str, result: dict[str, t.Any]) -> str:
        """Sets what RFC 6724 decided; returns the clause that says it."""
        result["reason"] = "rfc6724"
        decision = self.choice.decide(to, source)
        if decision:
            result["rfc6724"] = {
                "rule": decision.rule,
                "prefers": preferred(decision.rule, to),
                "runner_up": decision.runner_up.address if decision.runner_up else None,
                "runner_up_device": decision.runner_up.device if decision.runner_up else None,
            }
        return sentences.chosen(decision, to, source)

    def _flows(
        self, question: Question, answer: Answer, route: Route | None, source: str, result: dict[str, t.Any]
    ) -> list[str]:
        """What other flows to the destination, and packets from the chosen source, would meet.

        KernelError where the latter are refused.
        """
        clauses, query = [], question.query
        if route and route.multipath and query.device is None:
            result["also"] = self._also(question, answer, route, source)
            if result["also"]:
                clauses.append(sentences.others(result["also"]))
        # IPv6 does not look again once a route was found: ip6_dst_lookup_tail() against ip_route_connect(). Nor does
        # IPv4 for a packet of a socket that is not connected: udp_sendmsg(). Of several next hops the source may choose
        # another than no source did: fib_multipath_hash().
        several = route is not None and (route.multipath or route.nexthop_id is not None)
        again = query.family == INET and not question.options.unconnected
        if again and (several or _rules.by_source(self.host.rules(INET))):
            with_source = _from(question, source).query
            then = self.lookups.ask(with_source)
            if (then.hop, then.table) != (answer.hop, answer.table):
                route = self.lookups.match(with_source)
                rule = self.lookups.rule(with_source, then.table, route)
                result["egress"] = {
                    "device": then.hop.device,
                    "gateway": then.hop.gateway,
                    "table": then.table,
                    "rule": rule_result(rule, then.table) if rule else None,
                }
                clauses.append(sentences.elsewhere(sentences.way(rule, then.table, route, then.hop), source))
        return clauses

    def _also(self, question: Question, answer: Answer, route: Route, source: str) -> list[dict[str, t.Any]]:
        """The next hops whose flows get another source. IPv6 hops can each carry one that no listing shows."""
        found = []
        for device in dict.fromkeys(hop.device for hop in route.hops):
            index = self.domains.index(device)
            if device is None or device == answer.hop.device or not index:
                continue
            try:
                other = self.lookups.ask(dataclasses.replace(question.query, device=index))
            except KernelError:
                continue  # a next hop that is down
            other = self._preferred(question, other, None)
            if other.source != source:
                found.append({"source": other.source, "device": device, "gateway": other.hop.gateway})
        return found

    def _warnings(self, question: Question, result: t.Mapping[str, t.Any], got: SocketResult) -> list[str]:
        found = []
        source, device = result["source"], result["device"]
        domain = self.domains.of(question.device)
        if domain and device not in (None, "lo") and self.domains.of(device) != domain:
            found.append(sentences.out_of_vrf(self.host.names[domain], device))
        holders = self.domains.holders(source)
        if source and (source.startswith("127.") or source == "::1") and result["device"] not in (None, "lo"):
            found.append(sentences.off_the_wire(source))
        if holders and all(address.deprecated for address in holders):
            found.append(f"{source} is deprecated: meant for no new connection, and yet the source of this one")
        if holders and not any(address.usable for address in holders):
            state = "failed duplicate detection" if holders[0].flags & Address.DADFAILED else "is still tentative"
            found.append(f"{source} of {holders[0].device} {state}: the kernel lets no socket use it")
        if got.source and source and got.source != source:
            found.append(f"the look-up says {source}, but a socket got {got.source}")
        elif (
            got.error
            and source
            and not result["stale"]
            and _contradicts(got.error)
            and all(one.usable for one in holders)
        ):
            found.append(sentences.contradicted(source, got.error))
        return found


def _from(question: Question, source: str) -> Question:
    """The same with this source, as the kernel looks again with the one it chose."""
    packed = socket.inet_pton(question.query.family, source)
    return dataclasses.replace(question, query=dataclasses.replace(question.query, source=packed))


def _contradicts(error: str) -> bool:
    """Whether a socket's error is about the route or the address. Others are: privilege, a port that is in use."""
    return "(connect " in error or error.startswith("EADDRNOTAVAIL")
