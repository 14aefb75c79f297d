/// camera_unit.h - the deployable camera's firmware: two capture loops, a frame buffer and a radio.
///
///     ASLEEP --break-wire opens--> BOOTING --boot_ms--> ON --battery under its limit--> OFF
///                                     ^                 |
///                                     +-----restart-----+
///
/// Asleep the unit draws nothing. From first_frame_ms after separation both lenses expose on one beat;
/// pictures wait in the frame buffer and go, oldest first, in parts of part_octets or as CFDP files, whenever the
/// link takes octets; so does a health packet once a second (after an outage only a current one) and, before
/// either, a report for every telecommand and event. When the link is down, or slots wait for the receiver of
/// their files, pictures fill the buffer; then beats are missed, or the oldest pictures dropped, and counted.
///
/// Pulled, not called back: the host brings time, fills slots, carries packets. Time is ns from the agency's
/// epoch and never goes back (a time before the latest is taken as the latest). The caller owns all memory;
/// the unit's state is flat: copying sizeof(camera_unit_t) octets, with the slot memory, is a snapshot.
/// Needs no support library on a processor without 64-bit division or floating point.
///
/// THE LAYOUTS ARE OURS (nothing is published of the real camera's). Space Packets, no secondary header, the
/// last two octets CRC-16 over all before; pictures as in picture_part.h, or as below.
///
/// Picture as a CFDP file (delivery CAMERA_FILES; file_delivery.h): each data unit is the data field of a Space
/// Packet, sequence flags 11, of apid_picture to the orbiter and, packet type 1, of apid_units to the camera;
/// these packets have no CRC but that of the data unit. Sequence number, name and message as in picture_file.h. A
/// picture's slot is held, in class 1, until its EOF has left, in class 2, until the orbiter's Finished. The other
/// way comes a settings file (camera_settings.h): when it is whole it is taken or refused as a whole, which is
/// reported as a telecommand's outcome is, and by Finished.
///
/// Telecommand (packet type 1, sequence flags 11):
///     octets    6  function          7-  arguments
///               1  start             none: exposures from the next beat on
///               2  stop              none: no exposures; pictures in the buffer are still sent
///               3  set mode          width u16, height u16, encoding u8, lens u8 (2: both): for exposures to come
///               4  set exposure      exposure u32 [us], gain u16 [8.8 fixed point], lens u8 (2: both); an exposure
///                                    or a gain of 0 is left to the sensor's own automatic
///               5  set period        u16 [ms]: beats after the next come so far apart
///               6  report health     none: a health packet at once
/// Each is answered with a report; what fails its CRC, or is no telecommand for this unit, is dropped and counted.
///
/// Report (22 octets):
///     6-12   CUC 4+3 of the moment       13  kind (camera_report_t)
///     14     accepted: 0; refused: camera_refusal_t; event: camera_event_t
///     15     accepted, refused: the function; event: lens
///     16-19  accepted, refused: the request's first four octets, or the file's transaction sequence number;
///            event: picture number, or restarts
///
/// Health (112 octets), its offsets in camera_health_offset_t:
///     6-12   CUC 4+3           13  camera_state_t       14  1 while beats run
///     15,16  mode, lens 0, 1 (picture_part.h)           17  restarts             18  reports waiting      19  0
///     20     battery [mV] u16  22  charge [1/1000] u16  24  energy used [mJ] u32
///     28     three temperatures [0.01 degC] i16: lens 0, lens 1, battery
///     34,38  exposure [us], lens 0, 1 u32; 0 is automatic
///     42,44  gain, lens 0, 1 u16, 8.8; 0 is automatic   46  period [ms] u16      48  exposures begun u32
///     52,56  taken, lens 0, 1 u32                       60,64  beats missed, lens 0, 1 u32
///     68,70  failed, lens 0, 1 u16                      72  pictures sent u32    76  dropped u32
///     80     damaged in memory u16                      82-85  slots free, exposing, ready, sending
///     86     octets that the link offered to transmit since the health packet before, u32
///     90     octets sent from that health packet on, it included, u32
///     94,96  telecommands accepted, refused u16         98-107  telecommands dropped, by camera_discard_t u16
///     108    reports lost to a full queue u16           110    CRC
/// Counts of 16 bits stop at FFFF.

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flight/camera_settings.h"
#include "flight/capture.h"
#include "flight/file_delivery.h"
#include "flight/file_reception.h"
#include "flight/frame_buffer.h"
#include "flight/picture_file.h"
#include "flight/picture_part.h"

enum {
    CAMERA_TEMPERATURES = 3,
    CAMERA_REPORTS_MAX = 32,
    CAMERA_REPORT_OCTETS = 22,
    CAMERA_HEALTH_OCTETS = 112,
    CAMERA_PACKET_OCTETS_MIN = 16, ///< No packet that the unit sends is shorter.
    CAMERA_WAIT_MAX_MS = 600000,
    CAMERA_POWER_MAX_MW = 100000,
};

typedef enum {
    CAMERA_HEALTH_AT_TIME = 6,
    CAMERA_HEALTH_AT_STATE = 13,
    CAMERA_HEALTH_AT_IMAGING = 14,
    CAMERA_HEALTH_AT_MODE = 15,
    CAMERA_HEALTH_AT_RESTARTS = 17,
    CAMERA_HEALTH_AT_WAITING = 18,
    CAMERA_HEALTH_AT_SPARE = 19,
    CAMERA_HEALTH_AT_BATTERY = 20,
    CAMERA_HEALTH_AT_CHARGE = 22,
    CAMERA_HEALTH_AT_ENERGY = 24,
    CAMERA_HEALTH_AT_TEMPERATURE = 28,
    CAMERA_HEALTH_AT_EXPOSURE = 34,
    CAMERA_HEALTH_AT_GAIN = 42,
    CAMERA_HEALTH_AT_PERIOD = 46,
    CAMERA_HEALTH_AT_BEGUN = 48,
    CAMERA_HEALTH_AT_TAKEN = 52,
    CAMERA_HEALTH_AT_MISSED = 60,
    CAMERA_HEALTH_AT_FAILED = 68,
    CAMERA_HEALTH_AT_SENT = 72,
    CAMERA_HEALTH_AT_DROPPED = 76,
    CAMERA_HEALTH_AT_DAMAGED = 80,
    CAMERA_HEALTH_AT_SLOTS = 82,
    CAMERA_HEALTH_AT_OFFERED = 86,
    CAMERA_HEALTH_AT_OCTETS_SENT = 90,
    CAMERA_HEALTH_AT_ACCEPTED = 94,
    CAMERA_HEALTH_AT_REFUSED = 96,
    CAMERA_HEALTH_AT_DISCARDED = 98,
    CAMERA_HEALTH_AT_REPORTS_LOST = 108,
    CAMERA_HEALTH_AT_CRC = 110,
} camera_health_offset_t;

typedef enum { CAMERA_ASLEEP, CAMERA_BOOTING, CAMERA_ON, CAMERA_OFF } camera_state_t;

typedef enum {
    CAMERA_START = 1,
    CAMERA_STOP,
    CAMERA_SET_MODE,
    CAMERA_SET_EXPOSURE,
    CAMERA_SET_PERIOD,
    CAMERA_REPORT_HEALTH,
    CAMERA_SETTINGS_FILE, ///< Of reports only: it comes as a file.
} camera_function_t;

typedef enum { CAMERA_ACCEPTED = 1, CAMERA_REFUSED, CAMERA_EVENT } camera_report_t;

typedef enum {
    CAMERA_BOOTED = 1,        ///< Number: restarts so far.
    CAMERA_PICTURE_DAMAGED,   ///< Changed in memory before all of it was sent.
    CAMERA_PICTURE_DROPPED,   ///< Gave way to a new exposure.
    CAMERA_EXPOSURE_FAILED,   ///< The sensor gave nothing.
    CAMERA_EXPOSURE_ANSWERLESS, ///< The sensor did not answer for `patience` beats.
    CAMERA_PICTURE_UNDELIVERED, ///< Its file was refused, not acknowledged, or given up by the orbiter.
} camera_event_t;

typedef enum { CAMERA_PARTS, CAMERA_FILES } camera_delivery_t;

/// Why a telecommand was dropped without an answer.
typedef enum {
    CAMERA_DISCARD_LENGTH, ///< Shorter than any telecommand, or not as long as its header says.
    CAMERA_DISCARD_CRC,
    CAMERA_DISCARD_HEADER, ///< Version, type, secondary header or sequence flags of no telecommand of ours.
    CAMERA_DISCARD_APID,
    CAMERA_DISCARD_RADIO_OFF, ///< Asleep, booting or off.
    CAMERA_DISCARDS,
} camera_discard_t;

typedef struct {
    uint32_t slots;          ///< 1 to FRAME_BUFFER_SLOTS_MAX.
    uint32_t slot_octets;
    uint32_t policy;         ///< frame_policy_t
    uint32_t part_octets;    ///< 1 to PICTURE_PART_SIZE_MAX; a packet is up to PICTURE_PART_OVERHEAD_OCTETS longer.
    uint32_t period_ms;      ///< CAMERA_PERIOD_MIN_MS to CAMERA_PERIOD_MAX_MS.
    uint32_t boot_ms;        ///< Up to CAMERA_WAIT_MAX_MS.
    uint32_t first_frame_ms; ///< After separation; up to CAMERA_WAIT_MAX_MS.
    uint32_t health_ms;      ///< 1 to CAMERA_PERIOD_MAX_MS.
    uint32_t patience;       ///< Beats for the sensor to answer; 1 or more.
    uint32_t exposure_us;    ///< Up to the period; 0 is automatic.
    uint32_t gain;           ///< CAMERA_GAIN_MIN to CAMERA_GAIN_MAX, or 0: automatic.
    uint32_t mode;           ///< picture_mode()
    uint32_t largest_size;   ///< picture_size_t: the sensors have this size and those before it.
    uint32_t single_lens;    ///< 1: a unit with lens 0 alone, which takes every exposure.
    uint32_t battery_limit_mv;
    uint32_t battery_capacity_mj; ///< 1 or more.
    uint32_t power_idle_mw;       ///< Booting or stopped; up to CAMERA_POWER_MAX_MW.
    uint32_t power_imaging_mw;    ///< While beats run.
    uint32_t apid_picture;        ///< Four different APIDs, none idle.
    uint32_t apid_health;
    uint32_t apid_report;
    uint32_t apid_telecommand;
    uint32_t delivery;   ///< camera_delivery_t. With CAMERA_PARTS the following are not looked at.
    uint32_t apid_units; ///< A fifth APID.
    file_delivery_parameters_t files;
    file_reception_parameters_t uplink; ///< Of files to the camera, from the peer of `files`.
} camera_parameters_t;

/// What is known of the picture in a slot besides its octets.
typedef struct {
    uint64_t start_ns;
    uint32_t number;
    uint32_t exposure_us;
    uint16_t gain;
    uint8_t lens;
    uint8_t mode;
    uint32_t spare;
} camera_picture_t;

typedef struct {
    uint64_t time_ns;
    uint32_t detail;
    uint8_t kind;
    uint8_t code;
    uint8_t about;
    uint8_t spare;
} camera_report_entry_t;

/// Invariants: the picture being sent in parts, if any, is in the frame buffer's SENDING state and sent_octets
/// less than its length; as files, the SENDING slots are the open transfers, number for number and length for
/// length; reports_waiting <= CAMERA_REPORTS_MAX; outside ON no beats run and nothing is sent.
typedef struct {
    camera_parameters_t parameters;
    frame_buffer_t frames;
    file_delivery_t files;
    file_reception_t uplink;
    capture_t lens[CAMERA_LENSES];
    camera_picture_t picture[FRAME_BUFFER_SLOTS_MAX];
    camera_report_entry_t report[CAMERA_REPORTS_MAX];
    uint64_t now_ns;       ///< The latest time told.
    uint64_t energy_ns;    ///< Up to here the energy is counted.
    uint64_t energy_used;  ///< [mW x 2^20 ns]
    uint64_t boot_end_ns;
    uint64_t first_beat_ns;
    uint64_t health_due_ns;
    uint32_t state;        ///< camera_state_t
    uint32_t imaging;      ///< 1 while beats run, or will once booted.
    uint32_t health_wanted;
    camera_settings_t settings;
    uint32_t begun;        ///< Exposures begun = the latest picture number.
    uint32_t reports_first;
    uint32_t reports_waiting;
    frame_handle_t sending; ///< In parts; 0 for none.
    uint32_t sent_octets;   ///< Of the picture being sent in parts.
    uint32_t offered_octets;
    uint32_t link_octets;
    uint16_t sequence_picture;
    uint16_t sequence_health;
    uint16_t sequence_report;
    uint16_t sending_crc;  ///< Of the octets sent so far, of the picture on its way for the first time.
    uint16_t battery_mv;
    int16_t temperature[CAMERA_TEMPERATURES];
    uint8_t restarts;
    struct {
        uint32_t sent;         ///< Pictures sent whole; in class 2, that the orbiter has whole.
        uint32_t undelivered;  ///< Pictures whose files ended otherwise, the damaged ones not counted.
        uint32_t accepted;
        uint32_t refused;
        uint32_t reports_lost;
        uint32_t discarded[CAMERA_DISCARDS];
    } count;
} camera_unit_t;

/// An order to the sensor. The picture goes to slot_offset in the slot memory, up to slot_octets. An exposure
/// or gain of 0 is the sensor's to choose: then tell by camera_unit_chose what it chose, before the commit.
typedef struct {
    uint64_t start_ns;
    uint64_t slot_offset;
    frame_handle_t handle;
    uint32_t number;
    uint32_t exposure_us;
    uint16_t gain;
    uint16_t width;
    uint16_t height;
    uint8_t lens;
    uint8_t encoding; ///< picture_encoding_t
} camera_expose_t;

/// Asleep at now_ns. false, and nothing usable, if a parameter is out of its bounds. A default mode of raw
/// pictures larger than a slot is out of bounds.
bool camera_unit_init(camera_unit_t *self, const camera_parameters_t *parameters, uint64_t now_ns);

/// true if no index in the state leads outside it: to be asked of a snapshot that comes from elsewhere.
bool camera_unit_valid(const camera_unit_t *self);

/// The break-wire has opened. Has no effect but once.
void camera_unit_separation(camera_unit_t *self, uint64_t now_ns);

/// A watchdog or an upset starts the unit anew: pictures and reports waiting are lost (and counted), mode,
/// exposure and period are the parameters' again, exposures run again on the first beat's grid; clock,
/// counters and packet sequence counts are kept. Without effect when asleep or off.
void camera_unit_restart(camera_unit_t *self, uint64_t now_ns);

/// What the unit's own instruments measure. Under battery_limit_mv it shuts down for good.
void camera_unit_set_inputs(camera_unit_t *self, uint64_t now_ns, uint32_t battery_mv,
                            const int16_t temperature_centidegc[CAMERA_TEMPERATURES]);

/// Exposures to make now, at most one for each lens; answer each with commit, store or fail. Returns how many.
uint32_t camera_unit_poll(camera_unit_t *self, uint64_t now_ns, camera_expose_t out[CAMERA_LENSES]);

/// When to poll next: CAPTURE_NEVER while only an event from outside can change anything. Once polled at a
/// time, later than that time.
uint64_t camera_unit_next_ns(const camera_unit_t *self);

/// The sensor chose this exposure and gain for the picture: its descriptor says so. Results as of commit.
frame_result_t camera_unit_chose(camera_unit_t *self, frame_handle_t handle, uint32_t exposure_us, uint16_t gain);

/// The slot's first `length` octets are the picture. Results as of frame_buffer_commit; only FRAME_OK answers
/// the exposure.
frame_result_t camera_unit_commit(camera_unit_t *self, const uint8_t *memory, uint64_t now_ns, frame_handle_t handle,
                                  uint32_t length);

/// Copy the octets into the slot, and commit.
frame_result_t camera_unit_store(camera_unit_t *self, uint8_t *memory, uint64_t now_ns, frame_handle_t handle,
                                 const uint8_t *octets, uint32_t length);

/// The sensor gave nothing.
frame_result_t camera_unit_fail(camera_unit_t *self, uint64_t now_ns, frame_handle_t handle);

/// One packet from the link, whole. false if it was dropped (counted); a refusal is an answer, so true. A data
/// unit that is no sound one of the orbiter's counts by camera_discard_t too, more closely in files.count.
bool camera_unit_receive(camera_unit_t *self, uint64_t now_ns, const uint8_t *octets, size_t length);

/// true if transmit would have a packet to give: while it would not, the link need not offer anything.
bool camera_unit_waiting(const camera_unit_t *self);

/// Packets that the link takes now: whole ones, in order, back to back in `out`, their lengths in `lengths`.
/// Never more octets than budget_octets or capacity, nor more packets than lengths_capacity. Give room for
/// budget_octets / CAMERA_PACKET_OCTETS_MIN lengths, and what is sent depends on the budget alone. What the next
/// packet does not fit into is left: carrying it over is the link's affair. Cost: about two passes over the
/// octets sent. Returns the packets; *octets_written their octets.
size_t camera_unit_transmit(camera_unit_t *self, const uint8_t *memory, uint64_t now_ns, size_t budget_octets,
                            uint8_t *out, size_t capacity, uint32_t *lengths, size_t lengths_capacity,
                            size_t *octets_written);

/// What the unit draws now, by its parameters.
uint32_t camera_unit_power_mw(const camera_unit_t *self);

/// Energy drawn since separation.
uint32_t camera_unit_energy_mj(const camera_unit_t *self);
