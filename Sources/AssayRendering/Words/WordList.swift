/// Lists of words of one kind, as long as the block of symbols that they stand for.
///
/// Ordinary English words that any tokenizer knows, different within a list and between the lists of a lexicon.
enum WordList {
    /// First names.
    static let people = split(
        """
        Alice Bob Carol David Emma Frank Grace Henry Irene Jack Karen Leo Maria Noah Olivia Peter Quinn Rachel Samuel \
        Tina Victor Wendy Xavier Yvonne Zoe Adam Bella Chris Diana Edward Fiona George Helen Ivan Julia Kevin Laura \
        Martin Nina Oscar Paula Robert Sarah Thomas Ursula Vera Walter Andrew Brenda Charles Doris Eric Felix Gloria \
        Harold Isabel James Kate Louis Megan Nathan Patrick Rosa Simon
        """)

    /// Things that one can hold.
    static let things = split(
        """
        apple ball lamp book key coin drum egg flute glove hammer kite lemon mirror needle orange pencil ring shovel \
        towel umbrella vase whistle candle bottle basket clock brush plate spoon bell rope ticket carpet helmet piano \
        guitar blanket bucket camera compass diamond feather hat jacket ladder magnet onion pillow radio saddle scarf \
        shell sock stone tent torch wallet wheel window banana button cherry dollar
        """)

    /// Cities.
    static let cities = split(
        """
        London Paris Berlin Rome Madrid Vienna Athens Dublin Oslo Prague Lisbon Moscow Cairo Delhi Tokyo Beijing Sydney \
        Boston Chicago Denver Dallas Seattle Houston Miami Atlanta Detroit Toronto Montreal Havana Lima Bogota Nairobi \
        Lagos Tunis Baghdad Tehran Kabul Bangkok Manila Jakarta Seoul Hanoi Shanghai Mumbai Milan Venice Florence \
        Munich Hamburg Geneva Zurich Brussels Antwerp Stockholm Helsinki Warsaw Budapest Sofia Belgrade Glasgow Oxford \
        Bristol Naples Kyoto
        """)

    /// Surnames.
    static let surnames = split(
        """
        Smith Jones Taylor Brown Wilson Johnson Davies Walker White Edwards Hughes Green Hall Lewis Harris Clarke \
        Jackson Wood Turner Cooper Hill Ward Morris Moore Clark Lee King Baker Harrison Morgan Allen Scott Wright Watson \
        Young Parker Bennett Carter Phillips Evans Murphy Kelly Ryan Campbell Stewart Reed Foster Hayes
        """)

    /// Words of running text: places and parts of the outside world.
    static let nouns = split(
        """
        river forest garden bridge market school church station harbor castle valley island mountain village street \
        corner tower temple palace museum theater library hospital kitchen office factory farm field meadow desert \
        ocean beach cave canal tunnel road path gate wall roof door floor room hall yard square park lake
        """)

    /// How things can be.
    static let adjectives = split(
        """
        small large old new cold warm quick slow soft hard dark bright clean dirty quiet loud heavy light empty full \
        happy sad rich poor short tall thin thick wide narrow deep shallow sweet bitter sharp dull smooth rough dry wet \
        early late strong weak round flat wild calm
        """)

    /// Colours and woods, for kinds of relations.
    static let kinds = split("red blue green yellow black white brown purple")

    /// Countries, in the order of ``capitals``.
    static let countries = capitalPairs.map(\.0)
    /// Their capitals.
    static let capitals = capitalPairs.map(\.1)

    private static let capitalPairs: [(String, String)] = split(
        """
        France/Paris Germany/Berlin Italy/Rome Spain/Madrid Austria/Vienna Greece/Athens Ireland/Dublin Norway/Oslo \
        Portugal/Lisbon Russia/Moscow Egypt/Cairo Japan/Tokyo China/Beijing Cuba/Havana Peru/Lima Colombia/Bogota \
        Kenya/Nairobi Iraq/Baghdad Iran/Tehran Afghanistan/Kabul Thailand/Bangkok Philippines/Manila Indonesia/Jakarta \
        Vietnam/Hanoi Belgium/Brussels Sweden/Stockholm Finland/Helsinki Poland/Warsaw Hungary/Budapest Bulgaria/Sofia \
        Serbia/Belgrade England/London Canada/Ottawa Australia/Canberra Turkey/Ankara Denmark/Copenhagen \
        Netherlands/Amsterdam Switzerland/Bern Romania/Bucharest Ukraine/Kiev Croatia/Zagreb Chile/Santiago \
        Venezuela/Caracas Ecuador/Quito Jamaica/Kingston Syria/Damascus Lebanon/Beirut Morocco/Rabat
        """
    ).map { pair in
        let parts = pair.split(separator: "/").map(String.init)
        return (parts[0], parts[1])
    }

    /// Short sentences that mean nothing for any question.
    static let fillers = sentences(
        """
        It rained. Birds sang. Time passed. Leaves fell. Dogs barked. Trains left. Snow melted. Bells rang. Children \
        laughed. Clouds moved. Music played. Water boiled. Lights blinked. Doors closed. Ships sailed. Winds blew.
        """)
    /// Others of that kind.
    static let otherFillers = sentences(
        """
        The sun rose. The grass grew. The road was long. The tea was hot. The night fell. The fire burned. The bus came. \
        The phone rang. The bread baked. The fog lifted. The clock ticked. The crowd cheered. The paint dried. The tide \
        turned. The cat slept. The moon shone.
        """)

    /// Whole numbers from a first one on.
    static func numbers(from first: Int, count: Int = 64) -> [String] { (0..<count).map { "\(first + $0)" } }

    /// `A`, `B`, ... `Z`, `AA`, `AB`, ...
    static let letters: [String] = (0..<64).map { number in
        let alphabet = split("A B C D E F G H I J K L M N O P Q R S T U V W X Y Z")
        return (number < 26 ? "" : alphabet[number / 26 - 1]) + alphabet[number % 26]
    }

    /// The words of a list, each with one before it.
    static func prefixed(_ prefix: String, _ words: [String]) -> [String] { words.map { "\(prefix) \($0)" } }

    private static func split(_ text: String) -> [String] { text.split(separator: " ").map(String.init) }

    private static func sentences(_ text: String) -> [String] {
        text.split(separator: ".").map { $0.trimmingPrefix(" ") + "." }
    }
}
