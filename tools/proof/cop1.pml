/* COP-1 (CCSDS 232.1-B-2): FOP-1 and FARM-1 over a link that loses frames and reports, delays them, and on
   which a stranger's frame may lock the spacecraft out at any moment.

   Claims, over every interleaving:
   - assert(payload == got): what FARM-1 hands on is the next payload: none lost, none twice, none out of order;
   - assert(confirmed <= got): what FOP-1 confirms was handed on;
   - `healed_delivers`: once the link is healed and no stranger comes, all arrives and is confirmed.

   Smaller than life: numbers run modulo M instead of 256, so that they wrap within one run; W = 2 K. The
   transmission limit, which only turns silence into an alert, is a choice (E17); expedited data and the
   lower procedures' answers carry no order and are left out. Control words are cut to what FOP-1 reads. T1
   may expire at any time, too early included, until the link is healed; from then on both ends do what is
   most urgent first, which is what fairness between their choices comes to. After an alert the operator lets the link run dry, reads N(R), sets V(S) to it, and unlocks:
   the procedure of fsw/protocols/fop.py. */

#ifndef M
#define M 6           /* sequence numbers */
#endif
#ifndef K
#define K 2           /* FOP-1's window; FARM-1's is W = 2 K */
#endif
#ifndef N
#define N 5           /* payloads: V(S) passes M - 1 from every start below */
#endif
#ifndef FAULTS
#define FAULTS 3      /* losses and strangers before the link is healed */
#endif

#define AD 0
#define UNLOCK 1
#define STRANGER 2

#define ahead(a, b) (((a) + M - (b)) % M)

chan up = [3] of { byte, byte, byte };       /* kind, N(S), payload */
chan down = [1] of { bit, bit, bit, byte };  /* Lockout, Wait, Retransmit, N(R) */

/* FARM-1 */
byte vr;
bit lockout, waiting, retransmit;
bool room = true;
byte got;                                     /* payloads handed on */

/* FOP-1. S: 1 active, 2 retransmit, 3 retransmit and wait, 5 initialising with BC, 6 initial */
byte S = 6;
byte vs, nnr;
byte confirmed;                               /* payloads known to have arrived: the one of NN(R) is next */
byte again;                                   /* how many of the sent queue, from its end, still go again */
byte given_up;                                /* outstanding at the alert */
bool timer, unlock_again;
byte quiet;                                   /* reports read since the last frame was sent and arrived, up to 2 */
byte faults;
#define healed (faults == FAULTS)

#define outstanding ahead(vs, nnr)
#define old_to_send (S < 3 && again > 0)
#define new_to_send (S < 3 && again == 0 && outstanding < K && confirmed + outstanding < N)
#define unlock_to_send (S == 5 && unlock_again)
#define to_send (old_to_send || new_to_send || unlock_to_send)
#define expired (timer && !to_send && (!healed || quiet == 2))

inline alert() {
    given_up = outstanding;
    nnr = vs; again = 0; timer = false; unlock_again = false; S = 6; quiet = 0
}

inline remove(nr) {
    confirmed = confirmed + ahead(nr, nnr);
    assert(confirmed <= got);
    nnr = nr;
    if
    :: again > outstanding -> again = outstanding
    :: else
    fi
}

inline retransmission() { again = outstanding; timer = true }

active proctype FOP() {
    byte nr, number;
    bit l, w, r;
    bool ours;
    do
    /* Look for FDU: old frames before new ones. */
    :: atomic { old_to_send && nfull(up) ->
           number = ahead(vs, again % M);
           up!AD, number, confirmed + ahead(number, nnr);
           again--; quiet = 0 }
    :: atomic { new_to_send && nfull(up) ->
           up!AD, vs, confirmed + outstanding;
           vs = (vs + 1) % M; timer = true; quiet = 0 }
    :: atomic { unlock_to_send && nfull(up) -> up!UNLOCK, 0, 0; unlock_again = false; quiet = 0 }

    /* A report: table 5-1, E1 to E14. */
    :: atomic { (!healed || (!to_send && !expired)) && nempty(down) -> down?l,w,r,nr;
           if
           :: S == 6 ->
                  /* The operator: only a report that left after the link had run dry counts. */
                  if
                  :: quiet > 0 && len(up) == 0 ->
                         number = ahead(nr, (vs + M - given_up) % M);
                         assert(number <= given_up);
                         confirmed = confirmed + number;
                         assert(confirmed == got);
                         given_up = 0;
                         vs = nr; nnr = nr;
                         if
                         :: l || w || r -> S = 5; unlock_again = true; timer = true
                         :: else -> S = 1
                         fi
                  :: else
                  fi
           :: S == 5 ->
                  if
                  :: !l && nr == vs && !r && !w -> S = 1; timer = false                          /* E1 */
                  :: !l && nr == vs && !r && w -> alert()                                        /* E3 */
                  :: else                                                                        /* E4 E13 E14 */
                  fi
           :: else ->
                  ours = ahead(nr, nnr) <= outstanding;
                  if
                  :: l -> alert()                                                                /* E14 */
                  :: !l && !ours -> alert()                                                      /* E13 */
                  :: !l && ours && nr == vs && r -> alert()                                      /* E4 */
                  :: !l && ours && nr == vs && !r && w -> alert()                                /* E3 */
                  :: !l && nr == vs && !r && !w && nr == nnr -> if :: S != 1 -> alert() :: else fi /* E1 */
                  :: !l && ours && nr == vs && !r && !w && nr != nnr -> remove(nr); timer = false; S = 1 /* E2 */
                  :: !l && ours && nr != vs && !r && w -> alert()                                /* E7 */
                  :: !l && nr != vs && !r && !w && nr == nnr -> if :: S != 1 -> alert() :: else fi /* E5 */
                  :: !l && ours && nr != vs && !r && !w && nr != nnr -> remove(nr); S = 1        /* E6 */
                  :: !l && ours && nr != vs && r && !w && nr != nnr -> remove(nr); retransmission(); S = 2 /* E8 */
                  :: !l && ours && nr != vs && r && w && nr != nnr -> remove(nr); S = 3          /* E9 */
                  :: !l && nr != vs && r && !w && nr == nnr ->
                         if :: S != 2 -> retransmission(); S = 2 :: else fi                      /* E10 */
                  :: !l && nr != vs && r && w && nr == nnr -> S = 3                              /* E11 */
                  fi
           fi;
           if
           :: len(up) == 0 && quiet < 2 -> quiet++
           :: else
           fi }

    /* The timer. */
    :: atomic { expired && S != 6 ->
           if
           :: S == 5 -> unlock_again = true                                                      /* E16 */
           :: S == 1 || S == 2 -> retransmission()                                               /* E16 */
#ifdef IGNORE_T1_IN_S3
           :: S == 3 -> timer = false                                                            /* E16 */
#else
           :: S == 3 -> quiet = 0         /* E16: only T1 starts again; without that, no liveness */
#endif
           :: !healed -> faults++; alert()                                                       /* E17 */
           fi }
    od
}

active proctype FARM() {
    byte kind, number, payload;
    do
    :: atomic { up?kind,number,payload ->
           if
           :: kind == UNLOCK -> lockout = 0; waiting = 0; retransmit = 0                         /* E7 */
           :: kind == STRANGER -> lockout = 1                                                    /* E5 */
           :: kind == AD && lockout                                                              /* S3 */
           :: kind == AD && !lockout ->
                  if
                  :: room -> waiting = 0                                                         /* E10 */
                  :: else
                  fi;
                  if
                  :: waiting && (ahead(number, vr) < K || ahead(number, vr) >= M - K)            /* S2 */
                  :: !waiting && number == vr && room ->                                         /* E1 */
                         assert(payload == got);
                         got++; vr = (vr + 1) % M; retransmit = 0
                  :: !waiting && number == vr && !room -> retransmit = 1; waiting = 1            /* E2 */
                  :: !waiting && number != vr && ahead(number, vr) < K -> retransmit = 1         /* E3 */
                  :: !waiting && ahead(number, vr) >= M - K                                      /* E4 */
                  :: ahead(number, vr) >= K && ahead(number, vr) < M - K -> lockout = 1          /* E5 */
                  fi
           fi }
    :: atomic { nfull(down) && (!healed || (empty(up) && room)) -> down!lockout, waiting, retransmit, vr }                           /* E11 */
    :: atomic { room && !healed -> room = false; faults++ }
    :: atomic { !room -> room = true; waiting = 0 }                                              /* E10 */
    od
}

/* The link's malice, a bounded amount of it; without any left it is healed. */
active proctype LINK() {
    byte kind, number, payload, nr;
    bit l, w, r;
    do
    :: atomic { !healed && nempty(up) -> up?kind,number,payload; faults++ }
    :: atomic { !healed && nempty(down) -> down?l,w,r,nr; faults++ }
    :: atomic { !healed && nfull(up) -> up!STRANGER, 0, 0; faults++ }
    :: atomic { !healed -> faults = FAULTS }
    od
}

ltl healed_delivers { [] !healed || <> (got == N && confirmed == N) }
