/** What guests read in English. */
import type { Words } from './texts.ts'

export const EN: Words = {
  texts: {
    event_invitation: {
      body: 'Hello {{guest_name}}, {{organizer_name}} invites you to {{event_name}}, on {{event_date}}. Place: {{event_location}}. Will you join us?',
      link: 'See invitation',
      email: {
        subject: 'Invitation: {{event_name}}',
        preheader: 'We look forward to seeing you on {{event_date}}. Will you join us?',
        paragraphs: [
          'Hello {{guest_name}},',
          '{{organizer_name}} invites you to {{event_name}}. We would love to see you there.',
          'Open your invitation to tell us whether you come; you may change your answer there.',
        ],
      },
    },
    event_reminder: {
      body: 'Hello {{guest_name}}, a reminder of {{event_name}}, on {{event_date}}. Place: {{event_location}}. Your pass and your answer are in your invitation.',
      link: 'See my invitation',
      email: {
        subject: 'See you at {{event_name}}',
        preheader: 'It is on {{event_date}}. Your pass is in your invitation.',
        paragraphs: [
          'Hello {{guest_name}},',
          'A reminder of {{event_name}}. Your pass and your answer are in your invitation: have it at hand at the door.',
        ],
      },
    },
    event_update: {
      body: 'Hello {{guest_name}}, there is news about {{event_name}}.\n\n{{update_text}}\n\nSee the details in your invitation.',
      link: 'See details',
      email: {
        subject: 'News: {{event_name}}',
        preheader: 'There is news about the event that you are invited to.',
        paragraphs: ['Hello {{guest_name}},', 'There is news about {{event_name}}:', '{{update_text}}'],
      },
    },
    event_thanks: {
      body: 'Hello {{guest_name}}, thank you for joining us at {{event_name}}. It was a pleasure to share this day with you.',
      email: {
        subject: 'Thank you for joining us: {{event_name}}',
        preheader: 'It was a pleasure to share this day with you.',
        paragraphs: [
          'Hello {{guest_name}},',
          'Thank you for joining us at {{event_name}}. It was a pleasure to share this day with you.',
        ],
      },
    },
    event_cancelled: {
      body: 'Hello {{guest_name}}, {{event_name}} on {{event_date}} is cancelled. We are sorry to tell you this way; if you have questions, please write to {{organizer_name}}. Thank you for your understanding.',
      email: {
        subject: 'Cancelled: {{event_name}}',
        preheader: 'The event on {{event_date}} is cancelled.',
        paragraphs: [
          'Hello {{guest_name}},',
          '{{event_name}} on {{event_date}} is cancelled. We are sorry to tell you this way.',
          'If you have questions, please write to {{organizer_name}}. Thank you for your understanding.',
        ],
      },
    },
    rsvp_confirmed: {
      body: 'Hello {{guest_name}}, you are confirmed for {{event_name}}. We look forward to seeing you on {{event_date}}. Place: {{event_location}}. Show this code at the door.',
      link: 'See my pass',
      email: {
        subject: 'Your pass: {{event_name}}',
        preheader: 'You are confirmed. Show this code at the door.',
        paragraphs: ['Hello {{guest_name}},', 'You are confirmed. Show this code at the door.'],
      },
    },
    waitlist_place: {
      body: 'Hello {{guest_name}}, a place became free at {{event_name}}, on {{event_date}}, and you are confirmed. Place: {{event_location}}. If you can no longer come, please tell us, so that somebody else gets your place.',
      link: 'See my pass',
      email: {
        subject: 'There is a place for you: {{event_name}}',
        preheader: 'A place became free, and you are confirmed.',
        paragraphs: [
          'Hello {{guest_name}},',
          'A place became free at {{event_name}}, and you are confirmed. Your pass is in your invitation.',
          'If you can no longer come, please change your answer there, so that somebody else gets your place.',
        ],
      },
    },
    rsvp_question: {
      body: 'Hello {{guest_name}}, will you join us at {{event_name}}, on {{event_date}}? Please choose an answer.',
    },
    rsvp_full: {
      body: 'Hello {{guest_name}}, thank you for your answer. There are not enough places left at {{event_name}}, so we could not note that you come. In your invitation you can join the waiting list of {{organizer_name}}.',
    },
    event_question: {
      body: 'Hello {{guest_name}}, you have more than one invitation. Which one is your answer for?',
    },
    event_over: {
      body: 'Hello {{guest_name}}, thank you for your answer, but {{event_name}} takes no more answers. If you have questions, please write to {{organizer_name}}.',
    },
    opt_out_help: {
      body: 'Write STOP, just that word, and you will get no more messages from {{organizer_name}}.',
    },
    opt_out_confirmed: {
      body: 'Done: you will get no more messages from {{organizer_name}}. If you change your mind, write START.',
    },
    opt_in_confirmed: {
      body: 'Done: you will get the messages of {{organizer_name}} again. Write STOP whenever you want no more.',
    },
    personal_reply: { body: '{{reply_text}}' },
  },
  replies: { yes: 'Yes, I will come', no: 'I cannot come', choose: 'Choose' },
  fallbacks: { guest_name: 'Guest', event_location: 'to be confirmed', organizer_name: 'your host' },
  dateFormat: 'cccc d LLLL yyyy, HH:mm',
  email: {
    when: 'When',
    where: 'Where',
    pass: 'QR code of your pass',
    why: 'You get this e-mail because {{organizer_name}} invited you to {{event_name}}.',
    unsubscribe: 'I want no more e-mails from this organizer',
  },
}
