#include "flight/lit_subject.h"

static void count_pairs(lit_subject_t *count, const uint8_t *one, const uint8_t *other, size_t pairs, uint8_t level,
                        uint8_t step) {
    uint32_t outline = 0;
    uint32_t sharp = 0;
    for (size_t i = 0; i < pairs; i++) {
        const uint8_t bright = one[i] > other[i] ? one[i] : other[i];
        const uint8_t dark = one[i] > other[i] ? other[i] : one[i];
        const uint32_t border = bright >= level && dark < level;
        outline += border;
        sharp += border & (uint32_t)(bright - dark >= step);
    }
    count->outline += outline;
    count->sharp += sharp;
}

lit_subject_t lit_subject_count(const uint8_t *grey, size_t width, size_t height, uint8_t level, uint8_t step) {
    lit_subject_t count = {0, 0, 0};
    for (size_t y = 0; y < height; y++) {
        const uint8_t *row = grey + y * width;
        for (size_t x = 0; x < width; x++) {
            count.lit += row[x] >= level;
        }
        if (width > 1) {
            count_pairs(&count, row, row + 1, width - 1, level, step);
        }
        if (y + 1 < height) {
            count_pairs(&count, row, row + width, width, level, step);
        }
    }
    return count;
}

static uint32_t count_details(const uint8_t *middle, size_t pixels, size_t apart, int32_t step) {
    uint32_t details = 0;
    for (size_t i = 0; i < pixels; i++) {
        const int32_t before = middle[i] - middle[i - apart];
        const int32_t after = middle[i] - middle[i + apart];
        details += (before >= step && after >= step) || (before <= -step && after <= -step);
    }
    return details;
}

uint32_t lit_subject_details(const uint8_t *grey, size_t width, size_t height, uint8_t step) {
    uint32_t details = 0;
    for (size_t y = 0; y < height; y++) {
        const uint8_t *row = grey + y * width;
        if (width > 2) {
            details += count_details(row + 1, width - 2, 1, step);
        }
        if (y > 0 && y + 1 < height) {
            details += count_details(row, width, width, step);
        }
    }
    return details;
}
