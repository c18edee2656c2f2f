/* SPDX-License-Identifier: ISC */
#include "context/stop_words.h"

#include <stddef.h>
#include <string.h>

static const struct {
	const char *code;
	const char *words;
} lists[] = {
    {"en", " a about all also an and any are as at be because been being but "
	   "by can could d did do does doing done for from get had has have "
	   "he her here him his how i if in into is it its just ll like m "
	   "many me more most much my no not of on or our out please re s "
	   "she should so some such t than that the their them then there "
	   "these they this those to up us ve want was we were what when "
	   "where which who whom whose why will with would you your "},
    {"de", " aber alle allem allen aller alles als also am an auch auf aus "
	   "bei beim bin bis bist da damit dann das dass daß dem den denn der "
	   "des die dies diese diesem diesen dieser dieses doch dort du durch "
	   "ein eine einem einen einer eines er es etwas für gibt haben hat "
	   "hatte hatten ich ihr ihre ihrem ihren ihrer im in ins ist ja kann "
	   "kein keine können man mehr mein mich mir mit muss nach nicht noch "
	   "nur ob oder ohne sehr sein seine seinem seinen seiner sich sie "
	   "sind so soll um und uns unter viel viele vom von vor wann war "
	   "waren warum was welche welchem welchen welcher welches wem wen "
	   "wenn wer werde werden wessen wie wieviel wieviele wird wo "
	   "wodurch wofür woher wohin womit worden wozu wurde wurden zu "
	   "zum zur über "},
    {"fr", " a ai au aussi aux avec avez avoir avons c ce ces cet cette ceux "
	   "combien comme comment d dans de des donc dont du elle elles en est "
	   "et été être eu fait faire furent fut ici il ils j je l la laquelle "
	   "le lequel les lesquelles lesquels leur leurs lors lui m ma mais me "
	   "mes mon n ne nos notre nous on ont ou où par pas peut plus pour "
	   "pourquoi puis qu quand que quel quelle quelles quels qui quoi s sa "
	   "sans se ses si son sont sous sur t ta te tes toi ton tous tout "
	   "toute toutes très tu un une vos votre vous y à était étaient "},
    {"es", " a al algo como con cual cuales cuando cuanto cuantos cuál cuáles "
	   "cuándo cuánta cuántas cuánto cuántos cómo de del desde donde "
	   "dónde durante el ella ellas ellos en entre era eran es esa ese eso "
	   "esta estaba están este esto estos está fue fueron ha haber había "
	   "han hasta hay la las le les lo los me mi muy más ni no nos o otra "
	   "otro para pero poco por porque puede qu que quien quienes quién "
	   "quiénes qué se sea ser si sin sobre son su sus sí también tan "
	   "tiene tienen todo todos tu un una uno unos y ya yo "},
    {"it", " a ad agli ai al alla alle allo anche c che chi ci come con cosa "
	   "cui da dagli dai dal dalla dalle de degli dei del della delle "
	   "dello di dove e ed era erano fu gli ha hanno i il in io l la le "
	   "lei lo loro lui ma mi mio ne negli nei nel nella nelle noi non o "
	   "ogni per perché però più poi può qual quale quali quando quanta "
	   "quante quanti quanto quella quelle quello questa queste questi "
	   "questo qui se si sia sono stata stati stato su sua sue sugli sui "
	   "sul sulla suo suoi ti tra tu tutti tutto un una uno vi voi è "},
    {"pt", " a ao aos as até com como da das de dela dele delas deles depois "
	   "do dos e ela elas ele eles em entre era eram essa esse esta estava "
	   "este está estão eu foi foram há isso isto já lhe mais mas me mesmo "
	   "meu muito na nas nem no nos não nós o onde os ou para pela pelas "
	   "pelo pelos por porque pode qual quais quando quanta quantas quanto "
	   "quantos que quem se sem ser seu seus sua suas são só também te tem "
	   "ter têm um uma umas uns você vocês à às é "},
    {"nl", " aan al alle als bij daar dan dat de deze die dit doen door dus "
	   "een en er geen had hadden heb hebben heeft hem het hier hij hoe "
	   "hoeveel hun ik in is ja je jij kan kon kunnen maar me meer men "
	   "met mijn moet na naar niet nog nu of om omdat onder ons ook op "
	   "over te tegen toch toen tot u uit uw van veel voor waar waarom "
	   "wanneer was wat we wel welk welke werd werden wie wij wil worden "
	   "wordt zal ze zich zij zijn zo zou zullen "},
    {"sv", " alla att av blev bli blir de dem den denna deras dess det detta "
	   "dig din du där efter ej eller en er ett från för ha hade han hans "
	   "har hon hur här i inte jag kan kunde man med mellan men mig min "
	   "mot mycket många ni nu när och om oss på sedan sig sin sina ska "
	   "skulle som så till under upp ut vad var varför vara vem vi vid "
	   "vilka vilken vilket åt är över "},
    {"da", " af alle at blev blive bliver da de dem den denne der deres det "
	   "dette dig din du efter eller en end er et for fra ham han hans har "
	   "havde hun hvad hvem hvilke hvilken hvilket hvor hvordan hvorfor "
	   "hvornår i ikke ind jeg kan kunne man mange med meget men mig min "
	   "mod ned noget nogle nu når og også om op os over på sig sin "
	   "skal skulle som så til ud under var ved vi vil være været "},
    {"no",
     " alle at av ble bli blir da de dem den denne der deres det dette "
     "du eller en er et etter for fra ham han hans har hadde hun hva hvem "
     "hvilke hvilken hvilket hvor hvordan hvorfor i ikke jeg kan kunne "
     "man mange med meg men min mot mye noe noen nå når og også om opp "
     "oss over på seg sin skal skulle som så til under ut var ved vi vil "
     "være vært å "},
    {"fi", " ei eivät ole oli olivat olla olen on ovat että ja jos joka jossa "
	   "jotka kanssa kuin kuinka kuka ketkä mikä milloin missä miten miksi "
	   "mitä minä mutta myös ne niin niiden ollut se sekä sen siitä "
	   "sinä tai tämä tämän tässä vai voi "},
    {"pl", " a ale bez był była było były być co czy dla do gdy gdzie go i "
	   "ich ile im jak jaka jaki jakie jako je jego jej jest jeśli już "
	   "kiedy kim która które który którzy kto lub ma może na nad nie nim "
	   "niż o od on ona oni po pod przed przez przy są się ta tak także "
	   "tam te tego tej ten to tylko tym tych u w we wraz z za ze że "},
    {"cs", " a aby ale ani ano bez bude by byl byla bylo byly být co do ho i "
	   "jak jaká jaké jaký jako je jeho jejich jen jsem jsou k kde kdo kdy "
	   "kolik která které který ma mezi na nad ne nebo než o od pak po pod "
	   "podle pro proto proč před při s se si tak také tato tento to toho "
	   "u v ve z za ze že "},
    {"ro",
     " a acest această al ale am are au ca care cât câte câți ce cel cele "
     "cine cu cum când care dar de deci din după el ea ei era este eu "
     "fi fost în îi își la le lor lui mai nu o pe pentru prin sa sau se "
     "sunt și său un una unde unei unor unui "},
    {"tr", " acaba ama bir bu bunun çok da daha de değil diye en gibi hangi "
	   "hem için ile ise kaç kadar kim kimin mi mu mı mü ne neden nedir "
	   "nerede nereye nasıl o olan olarak oldu olduğu onun onlar sonra şu "
	   "var ve veya ya yok "},
    {"ru", " а без бы был была были было быть в вам вас весь во вот все всех "
	   "вы где да для до его ее если есть еще же за здесь и из или им их к "
	   "как какая какие какой какое каких каком когда ко кого кто куда ли "
	   "меня мне много может мы на над не него нее нет ни них но о об он "
	   "она они оно от очень по под почему при с сколько со так также там "
	   "те то того тоже только том ты у уже чего чем что чтобы чье чья эта "
	   "эти это этого этот я ё "},
    {"uk", " а або але був була були було бути в ви від він вона вони воно все "
	   "де для до є за з зі і із їх й його її коли які який яка яке як "
	   "на не ні о по про та так також те то той тому у хто це цей ця "
	   "чи чому що щоб я "},
    {"el", " αν από αυτά αυτή αυτό αυτός για γιατί δε δεν ειναι είναι εκεί "
	   "ένα ένας ενός εξ επί η ήταν θα και κατά κι μα με μετά μη μην μια "
	   "μιας να ο οι όμως όπου όπωσ όταν ότι που πού ποια ποιά ποιεσ ποιο "
	   "ποιοι ποιόσ ποιοσ πόσα πόσεσ πόσο πόσοι πότε προσ πωσ πώσ σαν σε "
	   "στα στη στην στησ στισ στο στον στουσ στων τα τη την τησ τι τισ το "
	   "τον του τουσ των ωσ "},
    {"hi", " और इस इसके इसने उस उसके उन एक कब कर करता करते करना करने कहा कहां "
	   "कहाँ का कि किन किस किसका किसके किसने किसे की कितना कितनी कितने के "
	   "को कौन कौनसा क्या क्यों कैसे गया गई गए जब जो तक तथा तो था थी थे द्वारा "
	   "ने पर में या यह ये वह वे साथ से हुआ हुई हुए ही है हैं हो होता होती "
	   "होते होने "},
    {"ar", " الى الذي التي الذين اللذان اللاتي ام ان انا انت انه انها او اي "
	   "ايه اين ب بعد بل بين تم ثم حتي حيث خلال ذلك عدد عن عند عندما علي "
	   "عليها عليه غير ف فقط في فيه فيها قد كان كانت كل كم كما كيف ل لا "
	   "لدي لقد لكن لم لماذا له لها ما ماذا متي مع من منذ منها منه مما "
	   "نحن هذا هذه هل هم هما هناك هو هي و وقد ولا وما ومن وهو وهي يا "
	   "يكون يمكن تكون الي "},
    {"fa", " از است اند ان او اي اين با بر براي بود بودند به تا چرا چه چند "
	   "چطور چگونه چيست خود در را شد شده كجا كدام كه كي كند كنند مي ما هم "
	   "هر هستند هست و يا يك "},
    {"he", " אבל או אחד אחרי איך אין איפה איזה אל אם אני את אתה בין בכל גם "
	   "היא היה היו הוא הם זאת זה זו יש כאשר כדי כי כל כמה כן לא למה מ "
	   "מאין מה מי מתי עד על עם של "},
};

enum { LIST_COUNT = sizeof(lists) / sizeof(lists[0]) };

const char *stop_words_of(const char *code)
{
	for (size_t i = 0; i < LIST_COUNT; i++)
		if (!strcmp(lists[i].code, code))
			return lists[i].words;
	return NULL;
}

const char *stop_words_language(unsigned n)
{
	return n < LIST_COUNT ? lists[n].code : NULL;
}
