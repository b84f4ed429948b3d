"""Names that fill the code shapes.

Two pools that share no word: what a model is trained on, and what it is tested on. Neither holds a word of the
fixtures in data/fixtures (checked by check_names.py), so nothing learned about a name can help there.
"""

import random

TRAIN_NOUNS = """
account actor anchor antenna armor arrow badge bakery balcony banner barrel battery beehive bell bicycle
blanket blog boiler book boot bracket brook brick bridge broker bucket budget bundle bunker cabin cable camera
campaign canal candle canvas cargo carpet castle catalog cavern chapter charter cinema circle circuit clover cloud
coach coffee colony comet compass concert contract copper corner coupon courier course cradle crate crew crystal
curtain cyclone dancer dealer depot desert desk dome diagram diamond dollar donkey drawer dragon driver duct eagle
elevator emblem engine envelope episode estate event exhibit fabric factory falcon ferry flight furnace forest
fountain freight galaxy garden gear glacier goblet guest guitar hammer hangar helmet hotel jacket jersey journal
jungle kettle kitchen ladder lagoon league ledger letter library locker lottery magnet manor marble market meadow
meeting member metal mirror mission monitor motor museum needle office orchard
""".split()

TRAIN_VERBS = """
adjust apply assemble assign balance build cancel choose clean collect combine compare curate convert copy clip
dispatch detect draw encode estimate extend extract flag filter fuse format gather group hoard inspect join
make merge move normalize outline pack parse pick plan prepare punch publish rank
""".split()

TEST_NOUNS = """
acrobat airport almond ambulance aquarium balloon banjo bishop blossom cactus caravan cathedral cello cherry chimney
cobbler cricket cushion daisy dolphin easel embassy fjord flamingo gazette geyser giraffe harp hedgehog igloo jasmine
javelin kayak kitten lagoonside lemon lobster mango meteor mosaic nectar octopus olive oyster panther parrot pebble
pelican piano pigeon puppet quarry raccoon raven saddle saxophone sparrow squirrel teapot trumpet tulip turtle umbrella
violin walnut willow yacht zebra
""".split()

TEST_VERBS = """
bless boast carve chase climb dig embrace fold glue hoist juggle knit mend paddle polish recite rinse scrub sew sketch
stitch swap tickle toss twist unwrap weave whistle
""".split()

TRAIN_SYLLABLES = "ba de fi go lu ma ne po ra se ti vo xa zu ker lan mor nis pel tra".split()
TEST_SYLLABLES = "bru cha dwi fro gle hyp jor kwe myr plo qui sna thu vra wex yol".split()


ONSETS = "b bl br c ch cl cr d dr f fl fr g gl gr h j k l m n p pl pr qu r s sc sh sl sp st t th tr v w wh y z".split()
VOWELS = "a a e e i i o o u ai ea ee ie oa oo ou".split()
ENDINGS = "b ck d ft g l ll m mp n nd ng nk nt p r rd rk rn rt s ss st t x".split()


class Names:
    """Draws names of one pool; no name twice in a repository.

    `train` and `test` are the two pools. `any` has invented words only: a tokenizer trained on those learns the words of
    the language, and cuts every name into pieces, known to a model or not.
    """

    def __init__(self, rng: random.Random, split: str):
        self.rng, self.split = rng, split
        self.nouns = TEST_NOUNS if split == "test" else TRAIN_NOUNS
        self.verbs = TEST_VERBS if split == "test" else TRAIN_VERBS
        self.syllables = TEST_SYLLABLES if split == "test" else TRAIN_SYLLABLES
        self.used = set()

    def noun(self) -> str:
        """A thing that was not named before."""
        while True:
            word = self.word(self.nouns)
            if word not in self.used:
                self.used.add(word)
                return word

    def verb(self) -> str:
        return self.word(self.verbs)

    def word(self, pool) -> str:
        """A word of the pool, or for training mostly an invented one: names are too many to be learned."""
        draw = self.rng.random()
        if self.split == "any" or self.split == "train" and draw < 0.45:
            return self.invented()
        if draw > 0.8:
            return "".join(self.rng.choice(self.syllables) for _ in range(self.rng.randint(2, 3)))
        return self.rng.choice(pool)

    def invented(self) -> str:
        """A word that could be English: one to three syllables."""
        parts = []
        for _ in range(self.rng.choice([1, 2, 2, 2, 3])):
            parts.append(self.rng.choice(ONSETS) + self.rng.choice(VOWELS))
        return "".join(parts) + self.rng.choice(ENDINGS)

    def function(self) -> str:
        """The name of a function: verb and noun, noun and noun, or a noun alone."""
        form = self.rng.random()
        if form < 0.6:
            return f"{self.verb()}_{self.noun()}"
        if form < 0.8:
            return f"{self.noun()}_{self.noun()}"
        return self.noun()
