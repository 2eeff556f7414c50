"""What stands in the lines of a generated journal of Elite Dangerous: one method a kind of line. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from logferry.demo.generators.cast import Cast

Fields = dict[str, Any]

VERSION = {"gameversion": "4.0.0.1805", "build": "r302250/r0 "}
SYSTEMS = ("Lave Reach", "Ondur", "Tiveronisa", "HIP 41909", "Pru Thua KX-L d7-3")
STATIONS = ("Coriolis", "Outpost", "Orbis", "Ocellus")
FACTIONS = ("Ondur Blue Guard", "Independent Tiveronisa Greens", "Gold Mafia of HIP 41909")
TARGETS = ("eagle", "viper_mkiv", "cobramkiii", "vulture")
MATERIALS = (("salvagedalloys", "Salvaged Alloys"), ("chemicalmanipulators", "Chemical Manipulators"), ("iron", None))
TRACKS = ("Supercruise", "Combat_Dogfight", "Exploration", "Starport")
GOODS = (("agronomictreatment", "Agronomic Treatment"), ("gold", "Gold"), ("tea", "Tea"))


@dataclass(frozen=True, slots=True)
class Pilot:
    """Plays the game, and the game writes it down."""

    random: Random
    cast: Cast

    def game(self, events: int) -> Iterator[tuple[str, Fields]]:
        """One game from its first line to its last but the end: event and fields."""
        yield "Friends", {"Status": "Online", "Name": self.cast.others[0]}
        yield "Commander", {"FID": self.cast.frontier_id, "Name": self.cast.commander}
        yield "Materials", {"Raw": [{"Name": "iron", "Count": self.random.randint(1, 300)}], "Manufactured": []}
        yield "Rank", {"Combat": 4, "Trade": 7, "Explore": 5, "Soldier": 1, "Exobiologist": 0, "CQC": 0}
        yield "SquadronStartup", {"SquadronName": self.cast.squadron, "CurrentRank": 2}
        yield "LoadGame", self.load_game()
        yield "Statistics", {"Bank_Account": {"Current_Wealth": self.random.randrange(10**9)}}
        yield "ReceiveText", self.entered()
        yield "Location", {"DistFromStarLS": 504.5, "Docked": True, "StarSystem": SYSTEMS[0], "Body": "Ondur Vista"}
        yield "ShipLocker", {"Items": [self.item() for _ in range(120)], "Components": [], "Data": []}
        yield (
            "Loadout",
            {"Ship": "python", "ShipName": self.cast.ship, "ShipIdent": self.cast.ship_ident, "Modules": []},
        )
        for _ in range(events):
            word = self.random.choices(tuple(LINES), weights=[weight for weight, _ in LINES.values()])[0]
            yield word, LINES[word][1](self)

    def load_game(self) -> Fields:
        return {
            "FID": self.cast.frontier_id,
            "Commander": self.cast.commander,
            "Horizons": True,
            "Odyssey": True,
            "Ship": "Python",
            "ShipID": 41,
            "ShipName": self.cast.ship,
            "ShipIdent": self.cast.ship_ident,
            "FuelLevel": 29.86,
            "FuelCapacity": 32.0,
            "GameMode": self.random.choice(("Solo", "Open")),
            "Credits": self.random.randrange(10**6, 10**10),
            "Loan": 0,
            "language": "English/UK",
            **VERSION,
        }

    def entered(self) -> Fields:
        system = self.random.choice(SYSTEMS)
        return {
            "From": "",
            "Message": f"$COMMS_entered:#name={system};",
            "Message_Localised": f"Entered Channel: {system}",
            "Channel": "npc",
        }

    def item(self) -> Fields:
        name = self.random.choice(("personaldocuments", "largecapacitypowerregulator", "suitschematic"))
        return {
            "Name": name,
            "OwnerID": 0,
            "MissionID": self.random.randrange(10**9),
            "Count": self.random.randint(1, 9),
        }

    def music(self) -> Fields:
        return {"MusicTrack": self.random.choice(TRACKS)}

    def heard(self) -> Fields:
        if self.random.random() < 0.5:
            return self.entered()
        channel = self.random.choice(("player", "local", "wing", "starsystem"))
        return {
            "From": self.random.choice(self.cast.others),
            "Message": self.random.choice(self.cast.gossip),
            "Channel": channel,
        }

    def said(self) -> Fields:
        return {
            "To": self.random.choice(self.cast.others),
            "Message": self.random.choice(self.cast.gossip),
            "Sent": True,
        }

    def jump(self) -> Fields:
        return {
            "Taxi": False,
            "StarSystem": self.random.choice(SYSTEMS),
            "SystemAddress": self.random.randrange(10**13),
            "StarPos": [38.71875, 6.0625, 29.25],
            "SystemSecurity_Localised": "Medium Security",
            "Population": self.random.randrange(10**7),
            "JumpDist": round(self.random.uniform(3, 60), 3),
            "FuelUsed": round(self.random.uniform(0.1, 5), 6),
            "FuelLevel": 21.4,
        }

    def targeted(self) -> Fields:
        pilot = self.random.choice(self.cast.others)
        return {
            "TargetLocked": True,
            "Ship": self.random.choice(TARGETS),
            "ScanStage": 3,
            "PilotName": f"$npc_name_decorate:#name={pilot};",
            "PilotName_Localised": pilot,
            "LegalStatus": "Wanted",
            "Bounty": self.random.randrange(1000, 200_000),
        }

    def bounty(self) -> Fields:
        reward, pilot = self.random.randrange(1000, 200_000), self.random.choice(self.cast.others)
        return {
            "Rewards": [{"Faction": self.random.choice(FACTIONS), "Reward": reward}],
            "PilotName": f"$npc_name_decorate:#name={pilot};",
            "PilotName_Localised": pilot,
            "Target": self.random.choice(TARGETS),
            "TotalReward": reward,
            "VictimFaction": self.random.choice(FACTIONS),
        }

    def scan(self) -> Fields:
        return {
            "ScanType": self.random.choice(("AutoScan", "Detailed")),
            "BodyName": f"{self.random.choice(SYSTEMS)} {self.random.randint(1, 9)}",
            "StarType": self.random.choice("GKMF"),
            "DistanceFromArrivalLS": round(self.random.uniform(0, 3000), 6),
            "WasDiscovered": self.random.random() < 0.7,
        }

    def material(self) -> Fields:
        name, localised = self.random.choice(MATERIALS)
        known = {"Name_Localised": localised} if localised else {}
        return {"Category": "Manufactured", "Name": name, **known, "Count": self.random.randint(1, 3)}

    def docked(self) -> Fields:
        return {
            "StationName": "Ondur Vista",
            "StationType": self.random.choice(STATIONS),
            "StarSystem": self.random.choice(SYSTEMS),
            "MarketID": 128150520,
            "DistFromStarLS": 504.5,
        }

    def sold(self) -> Fields:
        (name, localised), count, price = (
            self.random.choice(GOODS),
            self.random.randint(1, 700),
            self.random.randrange(50, 15_000),
        )
        sale = {"Count": count, "SellPrice": price, "TotalSale": count * price, "AvgPricePaid": 40}
        return {"MarketID": 128150520, "Type": name, "Type_Localised": localised, **sale}

    def mission(self) -> Fields:
        return {
            "Faction": self.random.choice(FACTIONS),
            "Name": "Mission_Delivery_Boom_name",
            "LocalisedName": "Boom time delivery of 12 units of Tea",
            "MissionID": self.random.randrange(10**9),
            "Reward": self.random.randrange(10_000, 900_000),
        }

    def hull(self) -> Fields:
        return {"Health": round(self.random.uniform(0.3, 0.99), 6), "PlayerPilot": True, "Fighter": False}

    def crew(self) -> Fields:
        return {
            "NpcCrewName": self.random.choice(self.cast.others),
            "NpcCrewId": self.random.randrange(10**9),
            "Amount": 2000,
        }

    def attacked(self) -> Fields:
        return {"Target": "You"}


LINES: dict[str, tuple[int, Callable[[Pilot], Fields]]] = {
    "Music": (8, Pilot.music),
    "ReceiveText": (12, Pilot.heard),
    "SendText": (3, Pilot.said),
    "FSDJump": (6, Pilot.jump),
    "ShipTargeted": (8, Pilot.targeted),
    "UnderAttack": (5, Pilot.attacked),
    "Bounty": (6, Pilot.bounty),
    "Scan": (6, Pilot.scan),
    "MaterialCollected": (6, Pilot.material),
    "Docked": (4, Pilot.docked),
    "MarketSell": (4, Pilot.sold),
    "MissionCompleted": (3, Pilot.mission),
    "HullDamage": (3, Pilot.hull),
    "NpcCrewPaidWage": (2, Pilot.crew),
}
"""How often each kind of line comes, and what it says."""
